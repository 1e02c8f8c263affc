#include "platform/net/forwarding.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace patchbay::net {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The address in its one canonical form, or nullopt.
std::optional<std::string> numeric_address(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const std::string copy(text);
  char printed[INET6_ADDRSTRLEN];
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return inet_ntop(AF_INET, &v4, printed, sizeof printed);
  in6_addr v6{};
  if (inet_pton(AF_INET6, copy.c_str(), &v6) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return inet_ntop(AF_INET, &v6.s6_addr[12], printed, sizeof printed);
  return inet_ntop(AF_INET6, &v6, printed, sizeof printed);
}

bool is_trusted(const std::vector<std::string>& trusted_proxies, std::string_view address) {
  return std::ranges::any_of(
      trusted_proxies, [&](const std::string& proxy) { return proxy == address || numeric_address(proxy) == address; });
}

}  // namespace

void apply_forwarding(const std::vector<std::string>& trusted_proxies, http::Request& request) {
  if (trusted_proxies.empty() || !is_trusted(trusted_proxies, request.remote_address)) return;
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
    const auto address = numeric_address(trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1)));
    if (!address) break;  // not an address: nothing before it can be believed either
    request.remote_address = *address;
    if (!is_trusted(trusted_proxies, *address)) break;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
  }
  if (const auto protocol = request.header("X-Forwarded-Proto")) {
    request.secure = sdk::equals_ignoring_case(trimmed(*protocol), "https");
  }
}

}  // namespace patchbay::net
