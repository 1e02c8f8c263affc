// What Google sends: channel notifications, which are headers alone, and Pub/Sub pushes of Gmail.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <vector>

namespace patchbay::google {

std::vector<std::string> webhook_topics();

/// A channel is known by its token; a push by the claims that the host has verified. kAuth otherwise.
sdk::Result<void> check_sender(const sdk::WebhookRequest& request, const sdk::ConnectionSettings& settings);

/// Neither says what changed: the events ask for a delta run. The first message of a channel is nothing to do.
sdk::Result<std::vector<sdk::WebhookEvent>> parse_notification(const sdk::WebhookRequest& request);

}  // namespace patchbay::google
