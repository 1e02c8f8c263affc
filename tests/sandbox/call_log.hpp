// The calls that came in: the last so many one by one, all of them as counts by endpoint. Thread-safe.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <deque>
#include <map>
#include <mutex>

namespace patchbay::sandbox {

struct LoggedCall {
  std::string service, method, path, operation, fault;
  int status = 0;  // 0: the connection was cut
  std::int64_t at_ms = 0;
  double milliseconds = 0;
};

class CallLog {
 public:
  void add(LoggedCall call);
  void clear();
  /// Newest last; `service` and `match` (part of operation or path) may be empty.
  json::object view(std::string_view service, std::string_view match, std::size_t limit) const;

 private:
  static constexpr std::size_t kCallsMax = 10'000;
  static constexpr std::size_t kEndpointsMax = 2'000;

  mutable std::mutex mutex_;
  std::deque<LoggedCall> calls_;
  std::map<std::string, std::map<int, std::uint64_t>> counts_;  // "stripe GET /v1/customers" → status → calls
  std::uint64_t total_ = 0;
};

}  // namespace patchbay::sandbox
