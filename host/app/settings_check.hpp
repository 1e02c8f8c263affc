// What the kinds and bounds of config/patchbay.yaml cannot say of a setting.
#pragma once

#include "app/settings.hpp"

namespace patchbay::app {

/// Every setting that is nonsense, or unsafe in mode production, in one error "settings.invalid": a line each, with the
/// setting's name and what is allowed, never its value where that may be a secret. Reads files that settings name,
/// writes none.
sdk::Result<void> check_settings(const Settings& settings);

}  // namespace patchbay::app
