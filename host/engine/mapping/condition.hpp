#pragma once

#include "engine/mapping/mapping.hpp"

#include <string_view>

namespace patchbay::mapping {

/// Reads a condition of a mapping file; kInvalid with what is wrong.
sdk::Result<Condition> parse_condition(std::string_view text);

}  // namespace patchbay::mapping
