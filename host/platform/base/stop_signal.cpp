#include "platform/base/stop_signal.hpp"

namespace patchbay::base {

void StopSignal::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  condition_.notify_all();
}

bool StopSignal::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void StopSignal::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  condition_.notify_all();
}

bool StopSignal::wait_for(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  condition_.wait_for(lock, duration, [this] { return stopped_ || woken_; });
  woken_ = false;
  return !stopped_;
}

}  // namespace patchbay::base
