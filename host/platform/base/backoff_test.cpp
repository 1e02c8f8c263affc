#include "platform/base/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace patchbay::base {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUntilTheMaximum) {
  const Backoff backoff{100ms, 1000ms, 2.0};
  EXPECT_EQ(backoff.delay(1, 1.0), 100ms);
  EXPECT_EQ(backoff.delay(2, 1.0), 200ms);
  EXPECT_EQ(backoff.delay(4, 1.0), 800ms);
  EXPECT_EQ(backoff.delay(5, 1.0), 1000ms);
  EXPECT_EQ(backoff.delay(std::numeric_limits<std::uint32_t>::max(), 1.0), 1000ms);
  EXPECT_EQ(backoff.delay(0, 1.0), 100ms);
}

TEST(Backoff, SpreadsBetweenHalfAndTheWholeOfAStep) {
  const Backoff backoff{100ms, 1000ms, 2.0};
  EXPECT_EQ(backoff.delay(3, 0.0), 200ms);
  EXPECT_EQ(backoff.delay(3, 0.5), 300ms);
  for (int round = 0; round < 1000; ++round) {
    const double random = random_fraction();
    ASSERT_GE(random, 0.0);
    ASSERT_LT(random, 1.0);
    ASSERT_GE(backoff.delay(3, random), 200ms);
    ASSERT_LE(backoff.delay(3, random), 400ms);
  }
}

}  // namespace
}  // namespace patchbay::base
