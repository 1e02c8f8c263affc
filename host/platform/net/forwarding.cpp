#include "platform/net/forwarding.hpp"

namespace patchbay::net {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

void apply_forwarding(const TrustedProxies& trusted_proxies, http::Request& request) {
  if (trusted_proxies.empty() || !trusted_proxies.contains(request.remote_address)) return;
  // Several fields are one list, in order.
  std::string forwarded;
  for (const auto& [name, value] : request.headers) {
    if (!sdk::equals_ignoring_case(name, "X-Forwarded-For")) continue;
    if (!forwarded.empty()) forwarded += ',';
    forwarded += value;
  }
  std::string_view list = forwarded;
  while (!list.empty()) {
    const auto comma = list.rfind(',');
    const auto address = parse_address(trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1)));
    if (!address) break;  // not an address: nothing before it can be believed either
    request.remote_address = address_text(*address);
    if (!trusted_proxies.contains(*address)) break;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
  }
  if (const auto protocol = request.header("X-Forwarded-Proto")) {
    request.secure = sdk::equals_ignoring_case(trimmed(*protocol), "https");
  }
}

}  // namespace patchbay::net
