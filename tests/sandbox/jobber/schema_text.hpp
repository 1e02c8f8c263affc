#pragma once

#include <string_view>

namespace patchbay::sandbox::jobber {

/// The contents of schema.graphql.
std::string_view schema_text();

}  // namespace patchbay::sandbox::jobber
