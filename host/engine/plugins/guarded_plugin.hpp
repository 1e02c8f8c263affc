// The boundary: whatever a connector throws ends here as an error value.
#pragma once

#include <patchbay/sdk/service_client.hpp>

#include <memory>

namespace patchbay::plugins {

/// Wraps a plugin (and every client it makes) so that an exception becomes kPermanent "plugin.threw".
std::shared_ptr<const sdk::Plugin> guard(std::shared_ptr<const sdk::Plugin> plugin);

/// describe() with the same guard.
sdk::Result<sdk::Description> guarded_describe(const sdk::Plugin& plugin);

}  // namespace patchbay::plugins
