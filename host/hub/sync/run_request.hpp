// What a sync run may be asked for, whoever asks.
#pragma once

#include "engine/plugins/catalog.hpp"
#include "hub/connections/connection_store.hpp"
#include "hub/sync/run_store.hpp"

namespace patchbay::sync {

/// kConflict where the connector is not loaded or the connection not connected; kInvalid "sync.resources", with the
/// nearest name, for a resource that cannot be listed or stands there twice.
sdk::Result<void> check_run_request(const RunRequest& request, const connections::Connection& connection,
                                    const plugins::PluginCatalog& plugins);

}  // namespace patchbay::sync
