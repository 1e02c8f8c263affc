#pragma once

#include "platform/storage/pg_pipeline.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace patchbay::testing {

/// An EventLoop over poll(), run by the test itself. post() is thread-safe; everything else is for the thread that runs
/// it.
class PollLoop : public storage::EventLoop {
 public:
  PollLoop();
  ~PollLoop() override;
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  std::shared_ptr<void> watch_readable(int descriptor, std::function<void()> ready) override;
  void wait_writable(int descriptor, std::function<void()> ready) override;
  void post(std::function<void()> work) override;
  std::shared_ptr<void> every(std::chrono::milliseconds period, std::function<void()> tick) override;

  /// Turns the loop until `condition()` holds. false: it did not within `limit`.
  bool run_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(10));

 private:
  struct Watch {
    int descriptor;
    std::function<void()> ready;
  };
  struct Timer {
    std::chrono::milliseconds period;
    std::chrono::steady_clock::time_point due;
    std::function<void()> tick;
  };
  void turn();
  void run_posted();

  int wake_ = -1;
  std::mutex mutex_;
  std::deque<std::function<void()>> posted_;
  std::vector<std::weak_ptr<Watch>> readable_;
  std::vector<std::shared_ptr<Watch>> writable_;
  std::vector<std::weak_ptr<Timer>> timers_;
};

}  // namespace patchbay::testing
