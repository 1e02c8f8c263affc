// Work of the kind "message": one message to one of its providers, as far as the services allow exactly once.
#pragma once

#include "engine/events/sink.hpp"
#include "engine/queue/work.hpp"
#include "hub/messaging/delivery.hpp"
#include "hub/sync/page_applier.hpp"

#include <chrono>

namespace patchbay::messaging {

inline constexpr const char* kWorkKind = "message";

struct MessagingSettings {
  ChannelOrder order;
  MailSettings mail;
  std::string public_url;  // where services may call back; empty: they cannot
  int tries_max = 12;      // of errors that may pass
  std::chrono::milliseconds call_timeout{30'000};
  std::chrono::milliseconds give_up_after{
      std::chrono::hours(24)};  // a message that comes later than this is not wanted any more
};

struct MessagingWiring {
  storage::Database& database;
  const connections::ConnectionStore& connections;
  connections::ClientFactory& clients;
  const plugins::PluginCatalog& plugins;
  const mapping::MappingCatalog& mappings;
  const resources::Registry& registry;
  const resources::Writer& writer;
  const sync::PageApplier& applier;
  const outbound::SmtpClient& smtp;
  const sdk::Clock& clock;
  events::Wake* wake = nullptr;  // may be null
  mapping::MappingContext context;
  MessagingSettings settings;
};

/// Thread-safe. A message goes to the first of its providers that takes it. Before anything leaves, the try is noted;
/// where its end is not known, the same provider is asked again, and looks for the message first where it can. A
/// provider that refuses for good is passed over; a refusal of the recipient or the text ends the message. status:
/// queued → sent | failed; what a service tells later (delivered, read, failed) comes by its webhooks and its
/// synchronisation.
class MessageSender : public queue::WorkHandler {
 public:
  explicit MessageSender(MessagingWiring wiring) : wiring_(std::move(wiring)) {}
  std::string kind() const override { return kWorkKind; }
  std::size_t batch_max() const override { return 1; }
  std::vector<queue::WorkOutcome> handle(const std::vector<queue::WorkItem>& items, queue::WorkClaim& claim) override;

 private:
  MessagingWiring wiring_;
};

/// The work of a message, to be put into the queue in the transaction that made it.
queue::NewWork make_work(const std::string& message_id, const Outgoing& outgoing);

}  // namespace patchbay::messaging
