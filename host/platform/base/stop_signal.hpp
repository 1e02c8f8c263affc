#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace patchbay::base {

/// One thread's wait that another can end: every loop of the hub sleeps here and nowhere else.
class StopSignal {
 public:
  /// Ends every present and future wait.
  void stop();
  bool stopped() const;
  /// Ends one wait early (there is work); remembered if nobody waits.
  void wake();
  /// Waits until stopped, woken or the time is over. true: go on; false: stopped.
  bool wait_for(std::chrono::milliseconds duration);

 private:
  mutable std::mutex mutex_;
  std::condition_variable condition_;
  bool stopped_ = false;
  bool woken_ = false;
};

}  // namespace patchbay::base
