// The Events API's envelope and the events in it.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <vector>

namespace patchbay::slack {

/// One request is one event; a mention is two: a message and a command.
sdk::Result<std::vector<sdk::WebhookEvent>> parse_event(sdk::json::value body);

}  // namespace patchbay::slack
