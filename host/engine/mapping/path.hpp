// Paths into records as a mapping writes them. Reading is sdk::find_path; here are syntax, presence and writing.
#pragma once

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <string>
#include <string_view>

namespace patchbay::mapping {

/// "a.b", "list[0].c", "list[key=text].c": kInvalid with what is wrong otherwise. `writable`: names and dots only.
sdk::Result<void> check_path(std::string_view path, bool writable);

/// Whether the record speaks of the path at all: its first member is there, even if empty or null.
bool mentions(const sdk::json::value& record, std::string_view path);

/// Whether a value says something: not null, not blank text.
bool has_content(const sdk::json::value* value);

/// Puts a value at a writable path, making objects on the way.
void set_path(sdk::json::object& target, std::string_view path, sdk::json::value value);

}  // namespace patchbay::mapping
