#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <vector>

namespace patchbay::quickbooks {

/// Topics that the hub understands, in the words of the CloudEvents form.
std::vector<std::string> webhook_topics();

/// The events of a body in either form: a list of CloudEvents, or the older object with `eventNotifications`.
sdk::Result<std::vector<sdk::WebhookEvent>> parse_events(const sdk::WebhookRequest& request);

}  // namespace patchbay::quickbooks
