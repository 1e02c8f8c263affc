#include "hub/messages/sender.hpp"

#include "hub/sync/link_table.hpp"
#include "hub/sync/runner.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::messages {
namespace {

/// Later than this a message says what is no longer so.
constexpr std::chrono::hours kSendWithin{24};

queue::WorkOutcome failed(sdk::Error error) {
  return {queue::WorkOutcome::Kind::kFailed, std::move(error), {}};
}

bool may_pass(const sdk::Error& error) {
  return error.error_class == sdk::ErrorClass::kTransient || error.error_class == sdk::ErrorClass::kRateLimited ||
         error.error_class == sdk::ErrorClass::kCancelled;
}

resources::Actor hub_actor() {
  resources::Actor actor;
  actor.principal.kind = policy::Principal::Kind::kSystem;
  return actor;
}

}  // namespace

std::vector<queue::WorkOutcome> Sender::handle(const std::vector<queue::WorkItem>& items, queue::WorkClaim& claim) {
  std::vector<queue::WorkOutcome> outcomes;
  for (const auto& item : items) {
    outcomes.push_back(claim.renew() ? handle_one(item, claim)
                                     : failed(sdk::conflict_error("queue.claim_lost", "The lease was lost.")));
  }
  if (wiring_.wake != nullptr) wiring_.wake->wake();
  return outcomes;
}

queue::WorkOutcome Sender::handle_one(const queue::WorkItem& item, queue::WorkClaim& claim) {
  const auto letter = load(item);
  if (!letter.ok()) return failed(letter.error());
  const auto finish = [&](const std::function<sdk::Result<void>(storage::Session&)>& effect,
                          const std::string& outcome) {
    const auto done =
        wiring_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_TRY(effect(session));
          return claim.complete(session, {item.id}, outcome);
        });
    return done.ok() ? queue::WorkOutcome() : failed(done.error());
  };
  if (!letter->waits) return finish([](storage::Session&) { return sdk::Result<void>(); }, "ignored");
  const auto connection = wiring_.connections.get(item.connection_id);
  if (!connection.ok() && may_pass(connection.error())) return failed(connection.error());
  if (!connection.ok()) return give_up(item, claim, *letter, connection.error());
  if (std::chrono::system_clock::now() - item.created_at > kSendWithin) {
    return give_up(item, claim, *letter, sdk::permanent_error("messages.too_late", "It waited longer than a day."));
  }
  const auto sent = send(*connection, *letter, claim);
  if (sent.ok()) {
    return finish([&](storage::Session& session) { return store_sent(session, *connection, *letter, *sent); }, "sent");
  }
  const bool counts = sent.error().error_class == sdk::ErrorClass::kTransient;
  if (may_pass(sent.error()) && !(counts && item.attempts >= wiring_.attempts_max)) return failed(sent.error());
  return give_up(item, claim, *letter, sent.error());
}

sdk::Result<Sender::Letter> Sender::load(const queue::WorkItem& item) {
  Letter letter;
  letter.id = sdk::string_at(item.payload, "messageId");
  PATCHBAY_ASSIGN(const auto rows, wiring_.database.query(
                                       storage::Lane::kWorker,
                                       "select channel, coalesce(to_address, '') as to_address, coalesce(subject, '') "
                                       "as subject, coalesce(body, '') as body, status from messages "
                                       "where id = $1::uuid and deleted_at is null",
                                       {letter.id}));
  if (rows.empty()) return letter;
  letter.waits = rows.text(0, "status") == "queued";
  letter.message.channel = rows.text(0, "channel");
  letter.message.to = {rows.text(0, "to_address")};
  letter.message.subject = rows.text(0, "subject");
  letter.message.text = rows.text(0, "body");
  letter.message.html = sdk::string_at(item.payload, "html");
  letter.message.thread_id = sdk::string_at(item.payload, "threadId");
  letter.message.idempotency_key = letter.id;
  const auto* options = item.payload.if_contains("options");
  if (options != nullptr && options->is_object()) letter.message.options = options->get_object();
  return letter;
}

sdk::Result<sdk::SentMessage> Sender::send(const connections::Connection& connection, const Letter& letter,
                                           const queue::WorkClaim& claim) {
  PATCHBAY_ASSIGN(const auto lease, wiring_.clients.client(connection));
  sdk::CallContext context;
  context.deadline = std::chrono::steady_clock::now() + wiring_.call_timeout;
  context.cancel = claim.cancel();
  context.lane = sdk::Lane::kInteractive;
  return lease->client().send_message(context, letter.message);
}

sdk::Result<void> Sender::amend(storage::Session& session, const std::string& message_id,
                                const sdk::json::object& values) {
  PATCHBAY_TRY(wiring_.writer.amend(session, *wiring_.registry.find("message"), hub_actor(), message_id, values));
  return {};
}

sdk::Result<void> Sender::link(storage::Session& session, const connections::Connection& connection,
                               const std::string& message_id, const sdk::Record& record) {
  const sync::LinkTable links(connection.id, connection.connector, record.resource, "message");
  PATCHBAY_ASSIGN(const auto claimed, links.claim(session, {{record.external_id, message_id, "", "", false, {}}}));
  if (!claimed.empty()) return {};
  PATCHBAY_ASSIGN(const auto known, links.load(session, {record.external_id}));
  const auto other = known.find(record.external_id);
  if (other == known.end() || other->second.entity_id == message_id) return {};
  PATCHBAY_TRY(
      session.execute("update entity_links set entity_id = $4::uuid, fingerprint = ''::bytea, state_at = null "
                      "where connection_id = $1::uuid and resource = $2 and external_id = $3",
                      {connection.id, record.resource, record.external_id, message_id}));
  return wiring_.writer.remove(session, *wiring_.registry.find("message"), hub_actor(), other->second.entity_id,
                               std::nullopt);
}

sdk::Result<void> Sender::store_sent(storage::Session& session, const connections::Connection& connection,
                                     const Letter& letter, const sdk::SentMessage& sent) {
  sdk::json::object values{{"status", "sent"}, {"sentAt", sdk::format_time(std::chrono::system_clock::now())}};
  if (!sent.thread_id.empty()) values["threadKey"] = sent.thread_id;
  PATCHBAY_TRY(amend(session, letter.id, values));
  const auto mapping = wiring_.mappings.find(connection.connector);
  const bool known = sent.record && mapping != nullptr && mapping->find(sent.record->resource) != nullptr &&
                     mapping->find(sent.record->resource)->entity_kind == "message";
  if (!known) return {};
  PATCHBAY_TRY(link(session, connection, letter.id, *sent.record));
  // What the service made of it is what a later sync would bring: then there is nothing left to bring.
  const mapping::Mapper mapper(*mapping, wiring_.registry, sync::context_for(wiring_.context, connection));
  sync::ApplyRequest request;
  request.connection = &connection;
  request.mapper = &mapper;
  request.records = {*sent.record};
  PATCHBAY_TRY(wiring_.applier.apply(session, request));
  return {};
}

queue::WorkOutcome Sender::give_up(const queue::WorkItem& item, queue::WorkClaim& claim, const Letter& letter,
                                   const sdk::Error& error) {
  base::log_warning("messages", "a message was given up",
                    {{"message", letter.id}, {"connection", item.connection_id}, {"code", error.code}});
  const auto done =
      wiring_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_TRY(amend(session, letter.id, {{"status", "failed"}, {"serviceStatus", error.code.substr(0, 50)}}));
        return claim.complete(session, {item.id}, "failed");
      });
  return done.ok() ? queue::WorkOutcome() : failed(done.error());
}

}  // namespace patchbay::messages
