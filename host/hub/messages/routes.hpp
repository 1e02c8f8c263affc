#pragma once

#include "engine/resources/route_support.hpp"
#include "hub/messages/outgoing.hpp"

namespace patchbay::messages {

/// POST /messages and POST /messages/slack. What is passed in outlives the routes.
gateway::Routes make_routes(const resources::RouteParts& parts, const Outgoing& outgoing);

}  // namespace patchbay::messages
