#pragma once

#include <patchbay/sdk/result.hpp>

#include <string>
#include <string_view>

namespace patchbay::outbound {

/// Whether a numeric address (v4, v6, v4-mapped) is public: not loopback, private, link-local, unique-local, multicast,
/// unspecified, documentation or carrier-grade NAT.
bool is_public_address(std::string_view numeric_address);

}  // namespace patchbay::outbound
