// What Slack sends: events as JSON, slash commands and interactions as forms.
#pragma once

#include "message.hpp"

#include <patchbay/sdk/sdk.hpp>

#include <vector>

namespace patchbay::slack {

/// Topics that the hub understands.
std::vector<std::string> webhook_topics();

/// Events of a request whose signature is right. kInvalid for anything that Slack does not send.
sdk::Result<std::vector<sdk::WebhookEvent>> parse_request(const sdk::WebhookRequest& request);

/// The challenge, the answer to a command, or the plain receipt.
sdk::Result<sdk::WebhookAnswer> answer_request(const sdk::WebhookRequest& request,
                                               const std::optional<sdk::CommandReply>& reply);

/// Slack's look at the certificate (`ssl_check=1`) comes unsigned: answered, and nothing else in it is read.
std::optional<sdk::WebhookAnswer> answer_certificate_check(const sdk::WebhookRequest& request);

}  // namespace patchbay::slack
