// POST /messages: what is to be sent becomes a row and work in one transaction.
#pragma once

#include "engine/queue/work.hpp"
#include "engine/resources/route_support.hpp"
#include "hub/messaging/channels.hpp"

namespace patchbay::messaging {

struct RouteWiring {
  const resources::RouteParts& parts;
  queue::WorkQueue& queue;
  const connections::ConnectionStore& connections;
  ProviderChoice providers;
};

/// POST /messages and POST /messages/slack. What is passed in outlives the routes.
gateway::Routes make_routes(const RouteWiring& wiring);

}  // namespace patchbay::messaging
