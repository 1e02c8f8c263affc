#pragma once

#include "business/payments/payment_intent.hpp"
#include "engine/resources/route_support.hpp"

namespace patchbay::payments {

/// POST /payment/create-intent. Both outlive the routes.
gateway::Routes make_routes(const resources::RouteParts& parts, const IntentMaker& intents);

}  // namespace patchbay::payments
