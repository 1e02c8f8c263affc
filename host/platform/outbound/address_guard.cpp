#include "platform/outbound/address_guard.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <cstring>

namespace patchbay::outbound {
namespace {

struct Range4 {
  std::uint32_t network;
  int bits;
};

// IANA's special-purpose registry: everything there that is not globally reachable.
constexpr std::array<Range4, 16> kSpecial4 = {{{0x00000000, 8},    // "this network"
                                               {0x0A000000, 8},    // private
                                               {0x64400000, 10},   // carrier-grade NAT
                                               {0x7F000000, 8},    // loopback
                                               {0xA9FE0000, 16},   // link-local, cloud metadata
                                               {0xAC100000, 12},   // private
                                               {0xC0000000, 24},   // protocol assignments
                                               {0xC0000200, 24},   // documentation
                                               {0xC01FC400, 24},   // AS112
                                               {0xC0586300, 24},   // 6to4 relays
                                               {0xC0A80000, 16},   // private
                                               {0xC6120000, 15},   // benchmarks
                                               {0xC6336400, 24},   // documentation
                                               {0xCB007100, 24},   // documentation
                                               {0xE0000000, 4},    // multicast
                                               {0xF0000000, 4}}};  // reserved, broadcast

bool is_public4(std::uint32_t address) {
  for (const auto& range : kSpecial4) {
    const std::uint32_t mask = ~std::uint32_t{0} << (32 - range.bits);
    if ((address & mask) == range.network) return false;
  }
  return true;
}

using Bytes6 = std::array<std::uint8_t, 16>;

std::uint32_t embedded4(const Bytes6& address, std::size_t offset) {
  return std::uint32_t{address[offset]} << 24 | std::uint32_t{address[offset + 1]} << 16 |
         std::uint32_t{address[offset + 2]} << 8 | std::uint32_t{address[offset + 3]};
}

bool begins_with(const Bytes6& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool is_public6(const Bytes6& address) {
  if (begins_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}))
    return is_public4(embedded4(address, 12));  // v4-mapped
  if (begins_with(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
    return is_public4(embedded4(address, 12));                                       // NAT64
  if (begins_with(address, {0x20, 0x02})) return is_public4(embedded4(address, 2));  // 6to4
  if ((address[0] & 0xe0) != 0x20)
    return false;  // only 2000::/3 is given out; loopback, ULA, link-local, multicast lie outside
  if (begins_with(address, {0x20, 0x01}) && (address[2] & 0xfe) == 0)
    return false;                                                    // 2001::/23: Teredo, ORCHID, benchmarks
  if (begins_with(address, {0x20, 0x01, 0x0d, 0xb8})) return false;  // documentation
  if (begins_with(address, {0x3f, 0xff}) && (address[2] & 0xf0) == 0) return false;  // documentation
  return true;
}

}  // namespace

bool is_public_address(std::string_view numeric_address) {
  const std::string text(numeric_address);
  in_addr address4{};
  if (::inet_pton(AF_INET, text.c_str(), &address4) == 1) return is_public4(ntohl(address4.s_addr));
  Bytes6 address6{};
  if (::inet_pton(AF_INET6, text.c_str(), address6.data()) == 1) return is_public6(address6);
  return false;
}

}  // namespace patchbay::outbound
