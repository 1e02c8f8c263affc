#pragma once

#include <patchbay/sdk/description.hpp>
#include <patchbay/sdk/result.hpp>

#include <string_view>

namespace patchbay::plugins {

/// Whether a description is whole: names well formed and unique, capabilities in complete groups, references resolved.
/// The message names every missing half. `file_name` is the library's name without ".so" and must be the connector's.
sdk::Result<void> check_description(const sdk::Description& description, std::string_view file_name);

}  // namespace patchbay::plugins
