#include "business/commands/conversation.hpp"

namespace patchbay::commands {
namespace {

/// A command's channel is a place where the answer is shown to its sender alone, or names the message that called the
/// hub
/// ("C024BE91L:1503435956.000247"): then nobody waits for the answer to the request.
bool names_message(const std::string& channel) {
  return channel.find(':') != std::string::npos;
}

std::string text_of(const sdk::CommandReply& reply) {
  std::string text = reply.title;
  for (const std::string& line : reply.lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

sdk::Result<sdk::CommandReply> Conversation::run(const sdk::CallContext& context, const webhooks::CommandCall& call) {
  auto reply = commands_.run(context, call.connection_id, call.command);
  if (!reply.ok() || !names_message(call.command.channel)) return reply;
  PATCHBAY_TRY(answer(call, *reply));
  return reply;
}

sdk::Result<void> Conversation::answer(const webhooks::CommandCall& call, const sdk::CommandReply& reply) const {
  const auto* plugin = catalog_.find(call.connector);
  if (plugin == nullptr || plugin->description.channels.empty()) return {};
  const std::string& message = call.command.channel;
  messaging::Outgoing said;
  said.channel = plugin->description.channels.front();
  said.to = {message.substr(0, message.find(':'))};
  said.text = text_of(reply);
  said.thread_id = message;
  said.connection = call.connection_id;
  said.is_internal = true;
  resources::Actor hub;
  hub.principal.kind = policy::Principal::Kind::kSystem;
  std::vector<std::int64_t> work_ids;
  const auto added =
      database_.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        std::vector<sdk::Error> field_errors;
        PATCHBAY_ASSIGN(const auto queued, messages_.add(session, hub, said,
                                                         "answer:" + call.connection_id + ":" + message, field_errors));
        work_ids = queued.work_ids;
        return {};
      });
  if (!added.ok() && added.error().code == "messages.known") return {};
  PATCHBAY_TRY(added);
  messages_.announce(work_ids);
  return {};
}

}  // namespace patchbay::commands
