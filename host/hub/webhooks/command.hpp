// Commands that people give the hub through a service ("/patchbay jobs today").
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/records.hpp>

#include <string>

namespace patchbay::webhooks {

/// One command of a verified webhook.
struct CommandCall {
  std::string connector;
  std::string connection_id;
  sdk::WebhookCommand command;
};

/// Runs commands. Called on threads of the interactive pool, several at once. `context` ends before the service gives
/// up: what takes longer is answered by the ingress that it does.
class CommandHandler {
 public:
  virtual ~CommandHandler() = default;
  virtual sdk::Result<sdk::CommandReply> run(const sdk::CallContext& context, const CommandCall& call) = 0;
};

}  // namespace patchbay::webhooks
