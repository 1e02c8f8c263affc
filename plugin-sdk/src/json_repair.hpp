// The second try at a document that Boost.JSON refused: rewrites what a strict reader cannot take.
#pragma once

#include <patchbay/sdk/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::sdk::detail {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// The document with lone surrogate escapes and raw NUL bytes inside strings replaced by U+FFFD and numbers whose
/// exponent no reader can hold put in quotes, each counted in `repairs`; nullopt where there is nothing of the kind.
std::optional<std::string> repair_json(std::string_view text, JsonRepairs& repairs);

}  // namespace patchbay::sdk::detail
