// Which peers are reverse proxies of ours: single addresses and networks.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::net {

/// An IPv4 or IPv6 address; an IPv4 one in its IPv6 form, so that both compare.
using AddressBytes = std::array<unsigned char, 16>;
/// nullopt where `text` is no address; an IPv6 address may stand in brackets.
std::optional<AddressBytes> parse_address(std::string_view text);
std::string address_text(const AddressBytes& address);

/// Immutable, cheap to copy.
class TrustedProxies {
 public:
  TrustedProxies() = default;  // none
  /// Addresses ("10.0.0.1", "::1") and networks ("10.0.0.0/8", "fd00::/8"). The error names the entry that is neither.
  static sdk::Result<TrustedProxies> parse(const std::vector<std::string>& entries);
  bool contains(const AddressBytes& address) const;
  bool contains(std::string_view address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    AddressBytes address;
    std::size_t prefix_bits = 128;
  };
  static std::optional<Network> parse_network(std::string_view text);
  std::vector<Network> networks_;
};

}  // namespace patchbay::net
