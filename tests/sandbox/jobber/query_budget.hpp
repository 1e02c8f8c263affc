// Jobber's limits: a leaky bucket of query points, and requests in five minutes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>

namespace patchbay::sandbox::jobber {

class QueryBudget {
 public:
  std::int64_t maximum = 10'000;
  std::int64_t restore_per_second = 500;
  std::int64_t requests_per_five_minutes = 2'500;

  /// Points there are at this time (milliseconds of a clock that never goes back).
  std::int64_t available(std::int64_t now_ms) {
    const auto elapsed = static_cast<double>(std::max<std::int64_t>(0, now_ms - at_ms_)) / 1000.0;
    used_ = std::max(0.0, used_ - elapsed * static_cast<double>(restore_per_second));
    at_ms_ = std::max(at_ms_, now_ms);
    return maximum - static_cast<std::int64_t>(std::ceil(used_));
  }
  void charge(std::int64_t points) { used_ += static_cast<double>(points); }

  /// Counts a request; false when it is one too many.
  bool admit(std::int64_t now_ms) {
    while (!requests_.empty() && requests_.front() <= now_ms - 300'000) requests_.pop_front();
    if (static_cast<std::int64_t>(requests_.size()) >= requests_per_five_minutes) return false;
    requests_.push_back(now_ms);
    return true;
  }

 private:
  double used_ = 0;
  std::int64_t at_ms_ = 0;
  std::deque<std::int64_t> requests_;
};

}  // namespace patchbay::sandbox::jobber
