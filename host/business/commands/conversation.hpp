// Where a command's answer goes: back with the request that brought it, or, where people called the hub in a
// conversation, into that conversation.
#pragma once

#include "business/commands/commands.hpp"
#include "hub/messaging/message_desk.hpp"
#include "hub/webhooks/command.hpp"

namespace patchbay::commands {

/// Thread-safe. What it borrows outlives it.
class Conversation : public webhooks::CommandHandler {
 public:
  Conversation(const Commands& commands, const messaging::MessageDesk& messages, storage::Database& database,
               const plugins::PluginCatalog& catalog)
      : commands_(commands), messages_(messages), database_(database), catalog_(catalog) {}
  sdk::Result<sdk::CommandReply> run(const sdk::CallContext& context, const webhooks::CommandCall& call) override;

 private:
  /// Once for each message that called the hub, however often its webhook comes.
  sdk::Result<void> answer(const webhooks::CommandCall& call, const sdk::CommandReply& reply) const;

  const Commands& commands_;
  const messaging::MessageDesk& messages_;
  storage::Database& database_;
  const plugins::PluginCatalog& catalog_;
};

}  // namespace patchbay::commands
