#include "platform/base/stop_signal.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace patchbay::base {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(StopSignal, EndsAWaitByTime) {
  StopSignal signal;
  EXPECT_TRUE(signal.wait_for(1ms));
  EXPECT_FALSE(signal.stopped());
}

TEST(StopSignal, EndsPresentAndFutureWaitsByStop) {
  StopSignal signal;
  std::atomic<bool> went_on = true;
  const auto begin = Clock::now();
  std::thread waiting([&] { went_on = signal.wait_for(1min); });
  signal.stop();
  waiting.join();
  EXPECT_FALSE(went_on);
  EXPECT_TRUE(signal.stopped());
  EXPECT_FALSE(signal.wait_for(1min));
  EXPECT_LT(Clock::now() - begin, 30s);
}

TEST(StopSignal, RemembersOneWakeForTheNextWait) {
  StopSignal signal;
  signal.wake();
  const auto begin = Clock::now();
  EXPECT_TRUE(signal.wait_for(1min));
  EXPECT_LT(Clock::now() - begin, 30s);
  const auto again = Clock::now();
  EXPECT_TRUE(signal.wait_for(20ms));
  EXPECT_GE(Clock::now() - again, 20ms) << "a wake counts once";
}

}  // namespace
}  // namespace patchbay::base
