// A clock that stands still until it is told to move.
#pragma once

#include <patchbay/sdk/host_services.hpp>

#include <atomic>

namespace patchbay::sdk::testing {

/// Thread-safe. Starts at 2026-01-01T00:00:00Z unless told otherwise.
class VirtualClock : public Clock {
 public:
  VirtualClock() : VirtualClock(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) {}
  explicit VirtualClock(std::chrono::system_clock::time_point start) : now_(start.time_since_epoch().count()) {}

  std::chrono::system_clock::time_point now() const override {
    return std::chrono::system_clock::time_point(std::chrono::system_clock::duration(now_.load()));
  }
  void advance(std::chrono::system_clock::duration by) { now_.fetch_add(by.count()); }
  void set(std::chrono::system_clock::time_point time) { now_.store(time.time_since_epoch().count()); }

 private:
  std::atomic<std::chrono::system_clock::duration::rep> now_;
};

}  // namespace patchbay::sdk::testing
