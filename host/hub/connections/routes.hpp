#pragma once

#include "engine/gateway/route.hpp"
#include "hub/connections/connection_flow.hpp"

namespace patchbay::connections {

/// /connectors, /connections, /connections/{id}/authorize and /health, /oauth/callback.
gateway::Routes make_routes(ConnectionFlow& flow, const ConnectionStore& store, const plugins::PluginCatalog& catalog);

}  // namespace patchbay::connections
