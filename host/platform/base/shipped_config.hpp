#pragma once

#include <string_view>

namespace patchbay::base {

/// The text of config/patchbay.yaml, compiled in by the build.
std::string_view shipped_config();

}  // namespace patchbay::base
