// QuickBooks' limits: calls in a second, calls in a minute, batches in a minute, objects in one answer of change data.
#pragma once

#include <cstdint>
#include <deque>

namespace patchbay::sandbox::quickbooks {

class CallWindows {
 public:
  std::int64_t per_second = 10;
  std::int64_t per_minute = 500;
  std::int64_t batches_per_minute = 40;
  std::int64_t change_data_objects = 1000;

  /// Counts a call at this time (milliseconds of a clock that never goes back); false when it is one too many.
  bool admit(std::int64_t now_ms, bool batch) {
    drop_before(calls_, now_ms - 60'000);
    drop_before(batches_, now_ms - 60'000);
    std::int64_t in_second = 0;
    for (auto at = calls_.rbegin(); at != calls_.rend() && *at > now_ms - 1'000; ++at) ++in_second;
    if (in_second >= per_second || static_cast<std::int64_t>(calls_.size()) >= per_minute) return false;
    if (batch && static_cast<std::int64_t>(batches_.size()) >= batches_per_minute) return false;
    calls_.push_back(now_ms);
    if (batch) batches_.push_back(now_ms);
    return true;
  }

 private:
  static void drop_before(std::deque<std::int64_t>& times, std::int64_t limit) {
    while (!times.empty() && times.front() <= limit) times.pop_front();
  }
  std::deque<std::int64_t> calls_, batches_;
};

}  // namespace patchbay::sandbox::quickbooks
