// Sends what Outgoing has queued, each message once: the row's id is the idempotency key of every try.
#pragma once

#include "engine/events/sink.hpp"
#include "engine/mapping/catalog.hpp"
#include "engine/plugins/catalog.hpp"
#include "engine/queue/work.hpp"
#include "engine/resources/writer.hpp"
#include "hub/connections/connection_store.hpp"
#include "hub/messages/outgoing.hpp"
#include "hub/sync/page_applier.hpp"

namespace patchbay::messages {

struct SenderWiring {
  storage::Database& database;
  connections::ConnectionStore& connections;
  connections::ClientFactory& clients;
  const plugins::PluginCatalog& plugins;
  const mapping::MappingCatalog& mappings;
  const resources::Registry& registry;
  const resources::Writer& writer;
  const sync::PageApplier& applier;
  events::Wake* wake = nullptr;
  mapping::MappingContext context;
  int attempts_max = 5;                            // at a service that does not answer
  std::chrono::milliseconds call_timeout{30'000};
};

/// Thread-safe.
class Sender : public queue::WorkHandler {
 public:
  explicit Sender(SenderWiring wiring) : wiring_(std::move(wiring)) {}
  std::string kind() const override { return kWorkKind; }
  std::size_t batch_max() const override { return 4; }
  std::vector<queue::WorkOutcome> handle(const std::vector<queue::WorkItem>& items, queue::WorkClaim& claim) override;

 private:
  /// The row as it is to be sent.
  struct Letter {
    std::string id;
    bool waits = false;  // nobody has sent or given it up
    sdk::OutgoingMessage message;
  };
  queue::WorkOutcome handle_one(const queue::WorkItem& item, queue::WorkClaim& claim);
  sdk::Result<Letter> load(const queue::WorkItem& item);
  sdk::Result<sdk::SentMessage> send(const connections::Connection& connection, const Letter& letter,
                                     const queue::WorkClaim& claim);
  sdk::Result<void> store_sent(storage::Session& session, const connections::Connection& connection,
                               const Letter& letter, const sdk::SentMessage& sent);
  /// Ties the row to the service's message. Where a webhook was faster and made a row of its own, that one goes.
  sdk::Result<void> link(storage::Session& session, const connections::Connection& connection,
                         const std::string& message_id, const sdk::Record& record);
  queue::WorkOutcome give_up(const queue::WorkItem& item, queue::WorkClaim& claim, const Letter& letter,
                             const sdk::Error& error);
  sdk::Result<void> amend(storage::Session& session, const std::string& message_id, const sdk::json::object& values);

  SenderWiring wiring_;
};

}  // namespace patchbay::messages
