#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace patchbay::app {

/// SIGINT and SIGTERM as something to wait for. Made before any other thread, so that all of them inherit the blocked
/// signals; one thread of its own takes the first signal. A second one ends the process at once.
class SignalWait {
 public:
  SignalWait();
  ~SignalWait();
  SignalWait(const SignalWait&) = delete;
  SignalWait& operator=(const SignalWait&) = delete;
  /// Called on the signal thread, once; at once where the signal has come already.
  void on_signal(std::function<void()> handler);
  /// Blocks until the signal.
  void wait();

 private:
  void run();
  std::mutex mutex_;
  std::function<void()> handler_;
  bool received_ = false;
  bool ending_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace patchbay::app
