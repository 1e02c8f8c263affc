#pragma once

#include "tests/sandbox/graphql/document.hpp"

#include <patchbay/sdk/result.hpp>

namespace patchbay::sandbox::graphql {

/// Operations, variables, fields, aliases, arguments, fragments, directives. Bounded in size and depth.
sdk::Result<Document> parse_document(std::string_view source);

}  // namespace patchbay::sandbox::graphql
