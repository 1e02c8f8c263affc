// The time the services live in: the machine's time plus an offset, or standing still. Thread-safe.
#pragma once

#include <patchbay/sdk/host_services.hpp>

#include <chrono>
#include <mutex>

namespace patchbay::sandbox {

class SandboxClock : public sdk::Clock {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  TimePoint now() const override;
  std::int64_t now_milliseconds() const;
  std::int64_t now_seconds() const { return now_milliseconds() / 1000; }
  void advance(std::chrono::milliseconds step);
  void set(TimePoint time);
  /// Time stands still from now on (true) or runs on from where it stands (false).
  void freeze(bool frozen);
  /// Back to the machine's time.
  void reset();
  bool frozen() const;

 private:
  TimePoint now_locked() const;

  mutable std::mutex mutex_;
  std::chrono::system_clock::duration offset_{0};
  std::optional<TimePoint> frozen_at_;
};

}  // namespace patchbay::sandbox
