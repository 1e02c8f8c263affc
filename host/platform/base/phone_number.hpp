#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::base {

/// E.164 form ("+18105550100") of a phone number as people write it, or nullopt where it cannot be one. `region` is the
/// ISO 3166 country whose national format is assumed where the text has no + or 00 prefix. Extensions are dropped.
std::optional<std::string> normalize_phone(std::string_view text, std::string_view region);

}  // namespace patchbay::base
