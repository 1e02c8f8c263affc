// Slack's limits: so many calls of one method in a minute, and about one message a second in a channel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace patchbay::sandbox::slack {

class RateLimits {
 public:
  bool enforced = false;
  std::uint64_t over_limit = 0;  // calls that were too many

  /// Counts a call; the seconds to wait where it is one too many (0: it is not). `per_minute` 0: no limit.
  std::int64_t admit(const std::string& method, std::size_t per_minute, std::int64_t now_ms) {
    if (per_minute == 0) return 0;
    auto& calls = calls_[method];
    while (!calls.empty() && calls.front() <= now_ms - kMinuteMilliseconds) calls.pop_front();
    if (calls.size() < per_minute) {
      calls.push_back(now_ms);
      return 0;
    }
    ++over_limit;
    return std::max<std::int64_t>(1, (calls.front() + kMinuteMilliseconds - now_ms + 999) / 1000);
  }
  /// The same for messages in a channel: one a second, five at once.
  std::int64_t admit_message(const std::string& channel, std::int64_t now_ms) {
    auto& full_at = channels_[channel];  // when the bucket is full again
    full_at = std::max(full_at, now_ms);
    if (full_at - now_ms >= kBurst * 1000) {
      ++over_limit;
      return 1;
    }
    full_at += 1000;
    return 0;
  }

 private:
  static constexpr std::int64_t kMinuteMilliseconds = 60'000;
  static constexpr std::int64_t kBurst = 5;
  std::map<std::string, std::deque<std::int64_t>> calls_;
  std::map<std::string, std::int64_t> channels_;
};

}  // namespace patchbay::sandbox::slack
