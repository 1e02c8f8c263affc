#include "tests/sandbox/sandbox_clock.hpp"

namespace patchbay::sandbox {

using std::chrono::system_clock;

SandboxClock::TimePoint SandboxClock::now_locked() const {
  return frozen_at_ ? *frozen_at_ : system_clock::now() + offset_;
}

SandboxClock::TimePoint SandboxClock::now() const {
  std::scoped_lock lock(mutex_);
  return now_locked();
}

std::int64_t SandboxClock::now_milliseconds() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
}

void SandboxClock::advance(std::chrono::milliseconds step) {
  std::scoped_lock lock(mutex_);
  if (frozen_at_) {
    *frozen_at_ += step;
  } else {
    offset_ += step;
  }
}

void SandboxClock::set(TimePoint time) {
  std::scoped_lock lock(mutex_);
  if (frozen_at_) {
    frozen_at_ = time;
  } else {
    offset_ = time - system_clock::now();
  }
}

void SandboxClock::freeze(bool frozen) {
  std::scoped_lock lock(mutex_);
  if (frozen == frozen_at_.has_value()) return;
  if (frozen) {
    frozen_at_ = now_locked();
  } else {
    offset_ = *frozen_at_ - system_clock::now();
    frozen_at_.reset();
  }
}

void SandboxClock::reset() {
  std::scoped_lock lock(mutex_);
  offset_ = {};
  frozen_at_.reset();
}

bool SandboxClock::frozen() const {
  std::scoped_lock lock(mutex_);
  return frozen_at_.has_value();
}

}  // namespace patchbay::sandbox
