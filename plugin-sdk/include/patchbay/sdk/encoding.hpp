// Text encodings and times that connectors need over and over.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::sdk {

std::string base64_encode(std::string_view bytes);
/// URL-safe alphabet without padding.
std::string base64url_encode(std::string_view bytes);
/// Both alphabets, padding optional; kInvalid on any other character.
Result<std::string> base64_decode(std::string_view text);
std::string hex_encode(std::string_view bytes);
Result<std::string> hex_decode(std::string_view text);

/// "2026-11-21T03:35:38.123Z": UTC, always with milliseconds.
std::string format_time(std::chrono::system_clock::time_point time);
/// ISO 8601 with offset or Z, a blank instead of T, fraction optional, also "2024-04-09 21:04:31 UTC"; a date alone is midnight UTC.
Result<std::chrono::system_clock::time_point> parse_time(std::string_view text);

/// Whether the text is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);
/// Whether the text is well-formed UTF-8 without U+0000.
bool is_clean_utf8(std::string_view text);

}  // namespace patchbay::sdk
