#pragma once

#include <string_view>

namespace patchbay::app {

/// A page without anything from elsewhere that shows /openapi.json.
std::string_view docs_page();

}  // namespace patchbay::app
