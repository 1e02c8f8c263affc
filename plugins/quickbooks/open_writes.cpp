#include "open_writes.hpp"

namespace patchbay::quickbooks {
namespace {

constexpr const char* kStateKey = "openWrites";
constexpr std::chrono::hours kKept{24 * 7};  // far longer than the hub tries
constexpr std::size_t kOpenMax = 500;        // 64 KiB of state hold more

}  // namespace

sdk::Result<sdk::json::object> OpenWrites::load() {
  PATCHBAY_ASSIGN(const auto kept, state_.get(kStateKey));
  sdk::json::object open;
  if (!kept || !kept->is_object()) return open;
  for (const auto& member : kept->as_object()) {
    const auto at = member.value().is_string() ? sdk::parse_time(std::string_view(member.value().get_string()))
                                               : sdk::Result<sdk::SystemTime>(sdk::SystemTime());
    if (at.ok() && *at > now_ - kKept) open[member.key()] = member.value();
  }
  return open;
}

sdk::Result<std::optional<sdk::SystemTime>> OpenWrites::find(const std::string& request_id) {
  PATCHBAY_ASSIGN(const auto open, load());
  const auto* at = open.if_contains(request_id);
  if (at == nullptr) return std::optional<sdk::SystemTime>();
  PATCHBAY_ASSIGN(const auto time, sdk::parse_time(std::string_view(at->get_string())));
  return std::optional(time);
}

sdk::Result<void> OpenWrites::open(const std::string& request_id) {
  PATCHBAY_ASSIGN(auto open, load());
  if (open.size() >= kOpenMax)
    return sdk::transient_error("quickbooks.open_writes", "too many money writes wait for their answers");
  open[request_id] = sdk::format_time(now_);
  return state_.put(kStateKey, open);
}

sdk::Result<void> OpenWrites::close(const std::string& request_id) {
  PATCHBAY_ASSIGN(auto open, load());
  if (open.erase(request_id) == 0) return {};
  return state_.put(kStateKey, open);
}

}  // namespace patchbay::quickbooks
