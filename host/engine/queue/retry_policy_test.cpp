#include "engine/queue/retry_policy.hpp"

#include <gtest/gtest.h>

namespace patchbay::queue {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Next = RetryDecision::Next;

RetryDecision decide(const sdk::Error& error, int attempts, double random = 0, milliseconds age = seconds(1)) {
  return decide_retry(RetrySettings{}, error, attempts, age, random);
}

TEST(RetryPolicy, TransientErrorsBackOffExponentiallyAndDieAfterTheLastTry) {
  const sdk::Error error = sdk::transient_error("test.down", "down");
  milliseconds last{0};
  for (int attempt = 1; attempt < 8; ++attempt) {
    const RetryDecision decision = decide(error, attempt);
    ASSERT_EQ(decision.next, Next::kRetry) << attempt;
    EXPECT_GT(decision.delay, last) << attempt;
    last = decision.delay;
  }
  EXPECT_EQ(decide(error, 8).next, Next::kDead);
}

TEST(RetryPolicy, RandomnessSpreadsTheDelay) {
  const sdk::Error error = sdk::transient_error("test.down", "down");
  EXPECT_LT(decide(error, 3, 0.0).delay, decide(error, 3, 0.99).delay);
}

TEST(RetryPolicy, WaitsAtLeastAsLongAsTheServiceAsks) {
  sdk::Error error = sdk::transient_error("test.down", "down");
  error.retry_after = seconds(90);
  EXPECT_GE(decide(error, 1).delay, seconds(90));
}

TEST(RetryPolicy, RateLimitsAndAuthErrorsWaitWithoutCounting) {
  const sdk::Error limited = sdk::rate_limited_error("test.limit", "slow down", seconds(30));
  EXPECT_EQ(decide(limited, 100).next, Next::kPostpone);
  EXPECT_GE(decide(limited, 100).delay, seconds(30));
  EXPECT_LE(decide(limited, 100, 0.99).delay, seconds(45));
  EXPECT_EQ(decide(sdk::auth_error("test.auth", "no"), 100).next, Next::kPostpone);
}

TEST(RetryPolicy, WaitingEndsSomeDay) {
  const sdk::Error limited = sdk::rate_limited_error("test.limit", "slow down", seconds(30));
  EXPECT_EQ(decide(limited, 1, 0, hours(24 * 8)).next, Next::kDead);
}

TEST(RetryPolicy, WhatCannotSucceedIsDeadAtOnce) {
  EXPECT_EQ(decide(sdk::permanent_error("test.no", "no"), 1).next, Next::kDead);
  EXPECT_EQ(decide(sdk::invalid_error("test.bad", "bad"), 1).next, Next::kDead);
  EXPECT_EQ(decide(sdk::not_found_error("test.gone", "gone"), 1).next, Next::kDead);
}

TEST(RetryPolicy, AConflictIsTriedAgain) {
  EXPECT_EQ(decide(sdk::conflict_error("test.old", "old"), 1).next, Next::kRetry);
}

}  // namespace
}  // namespace patchbay::queue
