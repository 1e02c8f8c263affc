#include "tests/sandbox/google/quota.hpp"

namespace patchbay::sandbox::google {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kGenerous = 1'000'000'000;

}  // namespace

Quota::Quota(bool vendor_limits) {
  apis_["calendar"].per_minute = vendor_limits ? 600 : kGenerous;
  apis_["gmail"].per_minute = vendor_limits ? 6'000 : kGenerous;
  apis_["drive"].per_minute = vendor_limits ? 325'000 : kGenerous;
}

bool Quota::admit(const std::string& name, std::int64_t cost, std::int64_t now_ms) {
  Api& api = apis_[name];
  while (!api.calls.empty() && api.calls.front().first <= now_ms - kMinute) {
    api.spent -= api.calls.front().second;
    api.calls.pop_front();
  }
  if (api.spent + cost > api.per_minute) {
    ++over_limit_;
    return false;
  }
  api.spent += cost;
  api.calls.emplace_back(now_ms, cost);
  return true;
}

json::object Quota::view() const {
  json::object out{{"callsOverLimit", over_limit_}};
  for (const auto& [name, api] : apis_) out[name + "PerMinute"] = api.per_minute;
  return out;
}

bool Quota::set(std::string_view name, const json::value& value) {
  if (!value.is_int64() || value.get_int64() < 1 || !name.ends_with("PerMinute")) return false;
  const auto found = apis_.find(std::string(name.substr(0, name.size() - std::string_view("PerMinute").size())));
  if (found == apis_.end()) return false;
  found->second.per_minute = value.get_int64();
  return true;
}

}  // namespace patchbay::sandbox::google
