#pragma once

#include "form.hpp"

#include <vector>

namespace patchbay::twilio {

/// Topics that the hub understands: an inbound message, and a new status of one of ours.
std::vector<std::string> webhook_topics();

/// The one event of a webhook: of its form, or of its query where it came by GET. kInvalid for anything else.
sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request);

}  // namespace patchbay::twilio
