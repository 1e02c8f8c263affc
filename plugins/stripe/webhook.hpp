#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <vector>

namespace patchbay::stripe {

/// Topics that the hub understands.
std::vector<std::string> webhook_topics();

/// The one event of a webhook body ("object": "event"). kInvalid for thin events (v2) and anything else.
sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request);

}  // namespace patchbay::stripe
