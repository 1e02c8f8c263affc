#pragma once

#include "engine/gateway/route.hpp"
#include "engine/queue/dead_letters.hpp"
#include "hub/webhooks/guarantees.hpp"
#include "platform/storage/session.hpp"

namespace patchbay::webhooks {

/// Operators' view of receipts: /webhook-events, /dead-letters, /guarantees. What is passed in outlives the routes.
/// `public_guarantees`: /guarantees without a sign-in (operations.public).
gateway::Routes make_routes(storage::Database& database, const queue::DeadLetters& dead_letters, Guarantees& guarantees,
                            bool public_guarantees);

}  // namespace patchbay::webhooks
