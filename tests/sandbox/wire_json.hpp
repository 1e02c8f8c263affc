// JSON text of the sandbox: ordinary values, and fragments that leave exactly as they were given, so that a record can
// carry what no JSON library would write (lone surrogates, U+0000, 1e400, duplicate keys).
#pragma once

#include <patchbay/sdk/json.hpp>

#include <string>
#include <string_view>

namespace patchbay::sandbox {

namespace json = boost::json;

/// A value that to_wire() writes as this text, unquoted. It cannot be forged from outside: its tag is not UTF-8, which
/// every reader of outside data refuses.
json::value raw_fragment(std::string_view text);
bool is_raw_fragment(const json::value& value);
/// Replaces every object `{"$raw": "text"}` below `value` by a raw fragment.
json::value with_raw_fragments(json::value value);

/// As a service sends it.
std::string to_wire(const json::value& value);
void append_wire(std::string& out, const json::value& value);
void append_wire_string(std::string& out, std::string_view text);
/// As the journal keeps it: fragments become `{"$raw": "text"}` again.
std::string to_storage(const json::value& value);

}  // namespace patchbay::sandbox
