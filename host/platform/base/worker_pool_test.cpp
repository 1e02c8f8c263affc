#include "platform/base/worker_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

namespace patchbay::base {
namespace {

using namespace std::chrono_literals;

/// Holds the only worker until opened, so that a test knows what is queued.
class Gate {
 public:
  bool hold(WorkerPool& pool) {
    const bool taken = pool.try_submit([this] {
      entered_.set_value();
      opened_.get_future().wait();
    });
    return taken && entered_.get_future().wait_for(30s) == std::future_status::ready;
  }
  void open() { opened_.set_value(); }

 private:
  std::promise<void> entered_;
  std::promise<void> opened_;
};

TEST(WorkerPool, SaysNoWhenItsQueueIsFull) {
  Gate gate;
  std::atomic<int> done = 0;
  WorkerPool pool("test", 1, 2);
  ASSERT_TRUE(gate.hold(pool));
  EXPECT_TRUE(pool.try_submit([&] { ++done; }));
  EXPECT_TRUE(pool.try_submit([&] { ++done; }));
  EXPECT_FALSE(pool.try_submit([&] { ++done; }));
  EXPECT_EQ(pool.queued_count(), 2U);
  gate.open();
  pool.stop();
  EXPECT_EQ(done, 2) << "what was taken is finished";
}

TEST(WorkerPool, TakesNothingOnceStopped) {
  WorkerPool pool("test", 2, 10);
  pool.stop();
  pool.stop();
  EXPECT_FALSE(pool.try_submit([] {}));
}

TEST(WorkerPool, SurvivesATaskThatThrows) {
  std::promise<void> after;
  WorkerPool pool("test", 1, 10);
  EXPECT_TRUE(pool.try_submit([] { throw std::runtime_error("bad task"); }));
  EXPECT_TRUE(pool.try_submit([] { throw 5; }));
  EXPECT_TRUE(pool.try_submit([&] { after.set_value(); }));
  EXPECT_EQ(after.get_future().wait_for(30s), std::future_status::ready);
}

TEST(WorkerPool, RunsTasksOnAllItsThreads) {
  constexpr int kThreads = 3;
  std::mutex mutex;
  std::condition_variable condition;
  int inside = 0;
  WorkerPool pool("test", kThreads, 10);
  for (int index = 0; index < kThreads; ++index) {
    // Each task ends only when all are in: fewer threads would never get there.
    EXPECT_TRUE(pool.try_submit([&] {
      std::unique_lock lock(mutex);
      ++inside;
      condition.notify_all();
      EXPECT_TRUE(condition.wait_for(lock, 30s, [&] { return inside == kThreads; }));
    }));
  }
  pool.stop();
  EXPECT_EQ(inside, kThreads);
}

}  // namespace
}  // namespace patchbay::base
