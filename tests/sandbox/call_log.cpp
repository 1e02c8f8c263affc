#include "tests/sandbox/call_log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sandbox {
namespace {

bool wanted(const LoggedCall& call, std::string_view service, std::string_view match) {
  if (!service.empty() && call.service != service) return false;
  return match.empty() || call.operation.find(match) != std::string::npos || call.path.find(match) != std::string::npos;
}

json::object view_of(const LoggedCall& call) {
  const std::chrono::system_clock::time_point at{std::chrono::milliseconds(call.at_ms)};
  json::object out{{"service", call.service},          {"method", call.method}, {"path", call.path},
                   {"operation", call.operation},      {"status", call.status}, {"at", sdk::format_time(at)},
                   {"milliseconds", call.milliseconds}};
  if (!call.fault.empty()) out["fault"] = call.fault;
  return out;
}

}  // namespace

void CallLog::add(LoggedCall call) {
  std::scoped_lock lock(mutex_);
  ++total_;
  auto endpoint = call.service + " " + call.operation;
  if (counts_.size() >= kEndpointsMax && !counts_.contains(endpoint)) endpoint = call.service + " (other)";
  ++counts_[endpoint][call.status];
  calls_.push_back(std::move(call));
  if (calls_.size() > kCallsMax) calls_.pop_front();
}

void CallLog::clear() {
  std::scoped_lock lock(mutex_);
  calls_.clear();
  counts_.clear();
  total_ = 0;
}

json::object CallLog::view(std::string_view service, std::string_view match, std::size_t limit) const {
  std::scoped_lock lock(mutex_);
  json::array newest_first;
  for (auto call = calls_.rbegin(); call != calls_.rend() && newest_first.size() < limit; ++call) {
    if (wanted(*call, service, match)) newest_first.push_back(view_of(*call));
  }
  json::array calls(newest_first.rbegin(), newest_first.rend());
  json::object counters;
  for (const auto& [endpoint, statuses] : counts_) {
    json::object by_status;
    std::uint64_t sum = 0;
    for (const auto& [status, count] : statuses) {
      by_status[std::to_string(status)] = count;
      sum += count;
    }
    counters[endpoint] = json::object{{"total", sum}, {"byStatus", std::move(by_status)}};
  }
  return {{"data", std::move(calls)}, {"counters", std::move(counters)}, {"total", total_}};
}

}  // namespace patchbay::sandbox
