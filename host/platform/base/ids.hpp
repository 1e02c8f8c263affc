#pragma once

#include <string>
#include <string_view>

namespace patchbay::base {

/// UUID version 7 (time-ordered, so that index pages stay warm in bulk loads), lower case.
std::string new_uuid();
bool is_uuid(std::string_view text);
/// `byte_count` random bytes from libsodium as base64url.
std::string random_token(std::size_t byte_count);

}  // namespace patchbay::base
