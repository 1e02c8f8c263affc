#pragma once

#include "engine/gateway/route.hpp"
#include "engine/plugins/catalog.hpp"
#include "hub/connections/connection_store.hpp"
#include "hub/sync/run_store.hpp"

namespace patchbay::sync {

/// POST /connections/{id}/sync, GET /sync/runs, GET /sync/runs/{id}, POST /sync/runs/{id}/cancel, GET /sync/log.
/// What is passed in outlives the routes.
gateway::Routes make_routes(storage::Database& database, const connections::ConnectionStore& connections,
                            const plugins::PluginCatalog& plugins, const RunStore& runs);

}  // namespace patchbay::sync
