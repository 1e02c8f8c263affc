#pragma once

#include <string>
#include <string_view>

namespace patchbay::base {

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view message);
std::string hmac_sha1(std::string_view key, std::string_view message);
/// Time depends on the lengths only.
bool equal_constant_time(std::string_view left, std::string_view right);
/// First 8 bytes of SHA-256 as a signed integer: for advisory locks.
long long lock_hash(std::string_view text);

}  // namespace patchbay::base
