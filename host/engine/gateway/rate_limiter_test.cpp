#include "engine/gateway/rate_limiter.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace patchbay::gateway {
namespace {

class VirtualClock : public sdk::Clock {
 public:
  std::chrono::system_clock::time_point now() const override { return now_; }
  void advance(std::chrono::milliseconds time) { now_ += time; }

 private:
  std::chrono::system_clock::time_point now_{std::chrono::hours(500'000)};  // the start of an hour and a minute
};

class RateLimiterTest : public testing::Test {
 protected:
  RateLimiter make(LimitSettings settings = {}) { return RateLimiter(settings, clock_, nullptr, metrics_); }
  VirtualClock clock_;
  base::Metrics metrics_;
};

TEST_F(RateLimiterTest, AllowsTheFigureAndRefusesOneMore) {
  auto limiter = make();
  for (int index = 0; index < 5; ++index) {
    const auto verdict = limiter.count(Limit::kAuthAddress, "192.0.2.1");
    EXPECT_TRUE(verdict.allowed) << index;
    EXPECT_EQ(verdict.remaining, 4 - index);
  }
  const auto refused = limiter.count(Limit::kAuthAddress, "192.0.2.1");
  EXPECT_FALSE(refused.allowed);
  EXPECT_TRUE(refused.first_refusal);
  EXPECT_GT(refused.wait.count(), 0);
  EXPECT_FALSE(limiter.count(Limit::kAuthAddress, "192.0.2.1").first_refusal);
  EXPECT_TRUE(limiter.count(Limit::kAuthAddress, "192.0.2.2").allowed);
  EXPECT_TRUE(limiter.count(Limit::kAuthAccount, "192.0.2.1").allowed);
}

TEST_F(RateLimiterTest, DoesNotLetABorderOfTwoWindowsDoubleTheFigure) {
  auto limiter = make();
  clock_.advance(std::chrono::seconds(59));
  for (int index = 0; index < 5; ++index) EXPECT_TRUE(limiter.count(Limit::kAuthAddress, "a").allowed);
  clock_.advance(std::chrono::seconds(2));
  EXPECT_FALSE(limiter.count(Limit::kAuthAddress, "a").allowed);
}

TEST_F(RateLimiterTest, TheWaitItTellsIsEnough) {
  auto limiter = make();
  for (int index = 0; index < 5; ++index) limiter.count(Limit::kAuthAddress, "a");
  const auto refused = limiter.count(Limit::kAuthAddress, "a");
  ASSERT_FALSE(refused.allowed);
  EXPECT_LE(refused.wait, std::chrono::seconds(120));
  clock_.advance(refused.wait);
  EXPECT_TRUE(limiter.count(Limit::kAuthAddress, "a").allowed);
}

TEST_F(RateLimiterTest, ForgetsAfterTwoWindows) {
  auto limiter = make();
  for (int index = 0; index < 5; ++index) limiter.count(Limit::kAuthAddress, "a");
  clock_.advance(std::chrono::minutes(2));
  for (int index = 0; index < 5; ++index) EXPECT_TRUE(limiter.count(Limit::kAuthAddress, "a").allowed);
}

TEST_F(RateLimiterTest, ZeroSwitchesOff) {
  LimitSettings settings;
  settings.auth_per_minute = 0;
  auto limiter = make(settings);
  for (int index = 0; index < 1000; ++index) EXPECT_TRUE(limiter.count(Limit::kAuthAddress, "a").allowed);
}

TEST_F(RateLimiterTest, LooksWithoutCountingAndCountsFailuresAnyhow) {
  LimitSettings settings;
  settings.webhook_per_minute = 2;
  auto limiter = make(settings);
  for (int index = 0; index < 10; ++index) EXPECT_TRUE(limiter.look(Limit::kWebhookFailure, "a").allowed);
  limiter.count_failure(Limit::kWebhookFailure, "a");
  EXPECT_TRUE(limiter.look(Limit::kWebhookFailure, "a").allowed);
  limiter.count_failure(Limit::kWebhookFailure, "a");
  EXPECT_FALSE(limiter.look(Limit::kWebhookFailure, "a").allowed);
}

TEST_F(RateLimiterTest, KeepsABoundedNumberOfKeys) {
  LimitSettings settings;
  settings.keys_max = 10;
  auto limiter = make(settings);
  for (int index = 0; index < 5; ++index) limiter.count(Limit::kAuthAddress, "first");
  for (int index = 0; index < 9; ++index) limiter.count(Limit::kAuthAddress, "other" + std::to_string(index));
  EXPECT_FALSE(limiter.look(Limit::kAuthAddress, "first").allowed);
  for (int index = 0; index < 20; ++index) limiter.count(Limit::kAuthAddress, "more" + std::to_string(index));
  EXPECT_TRUE(limiter.look(Limit::kAuthAddress, "first").allowed);
  EXPECT_NE(metrics_.render().find("patchbay_gateway_limit_keys_evicted_total"), std::string::npos);
}

TEST_F(RateLimiterTest, CountsExactlyFromManyThreads) {
  LimitSettings settings;
  settings.user_per_minute = 1000;
  auto limiter = make(settings);
  std::atomic<int> allowed = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int index = 0; index < 500; ++index) allowed += limiter.count(Limit::kUser, "u").allowed ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allowed, 1000);
}

TEST(AddressKey, TakesAnIpv6SubscriberAsOne) {
  EXPECT_EQ(address_key("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_key("2001:db8:1:2:3::4"), address_key("2001:db8:1:2:ffff::1"));
  EXPECT_NE(address_key("2001:db8:1:2::1"), address_key("2001:db8:1:3::1"));
}

}  // namespace
}  // namespace patchbay::gateway
