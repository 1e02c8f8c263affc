#include <patchbay/sdk/call_context.hpp>

#include <algorithm>

namespace patchbay::sdk {

std::string_view lane_name(Lane lane) {
  switch (lane) {
    case Lane::kInteractive:
      return "interactive";
    case Lane::kWebhook:
      return "webhook";
    case Lane::kSync:
      return "sync";
    case Lane::kBackfill:
      return "backfill";
  }
  return "sync";
}

Lane parse_lane(std::string_view name) {
  for (const Lane lane : {Lane::kInteractive, Lane::kWebhook, Lane::kBackfill}) {
    if (lane_name(lane) == name) return lane;
  }
  return Lane::kSync;
}

Result<void> CallContext::check() const {
  if (cancel.cancelled()) return cancelled_error("call.cancelled", "The call was cancelled.");
  if (std::chrono::steady_clock::now() >= deadline) {
    return cancelled_error("call.deadline", "The deadline of the call passed.");
  }
  return {};
}

std::chrono::milliseconds CallContext::remaining() const {
  const auto left = deadline - std::chrono::steady_clock::now();
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left), std::chrono::milliseconds(0));
}

}  // namespace patchbay::sdk
