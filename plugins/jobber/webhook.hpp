#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <vector>

namespace patchbay::jobber {

std::vector<std::string> webhook_topics();

/// The one event of a body: ids only. Jobber gives it no id of its own, so the dedupe key is made of its fields.
sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(const sdk::WebhookRequest& request);

}  // namespace patchbay::jobber
