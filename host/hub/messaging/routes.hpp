// POST /messages: what is to be sent becomes a row and work in one transaction.
#pragma once

#include "engine/resources/route_support.hpp"
#include "hub/messaging/channels.hpp"
#include "hub/messaging/message_desk.hpp"

namespace patchbay::messaging {

struct RouteWiring {
  const resources::RouteParts& parts;
  const MessageDesk& messages;
  const connections::ConnectionStore& connections;
  ProviderChoice providers;
};

/// POST /messages and POST /messages/slack. What is passed in outlives the routes.
gateway::Routes make_routes(const RouteWiring& wiring);

}  // namespace patchbay::messaging
