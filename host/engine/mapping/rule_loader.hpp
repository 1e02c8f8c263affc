// One field of a mapping file, checked against its target.
#pragma once

#include "engine/mapping/mapping.hpp"

namespace patchbay::mapping {

/// Reads `name: {from: …, transform: …}` (or `name: path`). Errors carry file, line and column of what is wrong.
sdk::Result<FieldRule> load_rule(const std::string& field_name, const base::yaml::Node& node,
                                 const resources::ResourceDescription& target, const sdk::Description& connector);

/// An error for a name that is not one of `known`, with the nearest of them.
sdk::Error unknown_name(const base::yaml::Node& node, std::string_view what, std::string_view name,
                        const std::vector<std::string>& known);

}  // namespace patchbay::mapping
