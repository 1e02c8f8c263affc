// What each API allows a user in a minute. Counted in the sandbox's time; what comes on top is refused and counted.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <deque>
#include <map>
#include <string>

namespace patchbay::sandbox::google {

class Quota {
 public:
  explicit Quota(bool vendor_limits);
  /// Whether `cost` points of an API ("calendar", "gmail", "drive") are still there; spends them.
  bool admit(const std::string& api, std::int64_t cost, std::int64_t now_ms);
  json::object view() const;
  /// false for a limit that is not known or no number.
  bool set(std::string_view name, const json::value& value);

 private:
  struct Api {
    std::int64_t per_minute = 0;
    std::int64_t spent = 0;
    std::deque<std::pair<std::int64_t, std::int64_t>> calls;  // time, cost
  };
  std::map<std::string, Api> apis_;
  std::int64_t over_limit_ = 0;
};

}  // namespace patchbay::sandbox::google
