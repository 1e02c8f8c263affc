#include "platform/net/trusted_proxies.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace patchbay::net {
namespace {

constexpr std::size_t kBits = 128;
constexpr std::size_t kBitsBeforeV4 = 96;

bool same_bits(const AddressBytes& left, const AddressBytes& right, std::size_t bits) {
  const std::size_t bytes = bits / 8;
  if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(bytes), right.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<unsigned char>(0xFFU << (8 - bits % 8));
  return (left[bytes] & mask) == (right[bytes] & mask);
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') text = text.substr(1, text.size() - 2);
  const std::string copy(text);
  if (copy.size() != std::strlen(copy.c_str())) return std::nullopt;
  AddressBytes address{};
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    address[10] = address[11] = 0xFF;
    std::memcpy(&address[12], &v4, sizeof v4);
    return address;
  }
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

std::string address_text(const AddressBytes& address) {
  in6_addr v6{};
  std::memcpy(&v6, address.data(), sizeof v6);
  char printed[INET6_ADDRSTRLEN];
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return inet_ntop(AF_INET, &address[12], printed, sizeof printed);
  return inet_ntop(AF_INET6, &v6, printed, sizeof printed);
}

std::optional<TrustedProxies::Network> TrustedProxies::parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  Network network{*address, kBits};
  if (slash == std::string_view::npos) return network;
  const bool is_v4 = text.find(':') == std::string_view::npos;
  const std::string_view digits = text.substr(slash + 1);
  std::size_t bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits > (is_v4 ? kBits - kBitsBeforeV4 : kBits))
    return std::nullopt;
  network.prefix_bits = is_v4 ? kBitsBeforeV4 + bits : bits;
  return network;
}

sdk::Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& entries) {
  TrustedProxies proxies;
  for (const std::string& entry : entries) {
    const auto network = parse_network(entry);
    if (!network) {
      return sdk::invalid_error("net.trusted_proxy",
                                "'" + entry + "' is neither an address (10.0.0.1, ::1) nor a network (10.0.0.0/8)");
    }
    proxies.networks_.push_back(*network);
  }
  return proxies;
}

bool TrustedProxies::contains(const AddressBytes& address) const {
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& network) { return same_bits(network.address, address, network.prefix_bits); });
}

bool TrustedProxies::contains(std::string_view address) const {
  const auto parsed = parse_address(address);
  return parsed && contains(*parsed);
}

}  // namespace patchbay::net
