#include "hub/messaging/sender.hpp"

#include "hub/sync/echo.hpp"
#include "hub/sync/run_log.hpp"
#include "hub/sync/runner.hpp"
#include "hub/sync/writeback_store.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::messaging {
namespace {

constexpr const char* kResource = "messages";  // of a connector, by the SDK's rule
constexpr const char* kEntity = "message";
constexpr std::size_t kReasonBytes = 500;
constexpr int kTriesBeforeTheNext = 3;

std::string cut(const std::string& text) {
  if (text.size() <= kReasonBytes) return text;
  std::size_t end = kReasonBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

queue::WorkOutcome failed(const sdk::Error& error) {
  return {queue::WorkOutcome::Kind::kFailed, error, {}};
}

/// One message, from its work item to the end of this try.
class Item {
 public:
  Item(const MessagingWiring& wiring, const queue::WorkItem& item, queue::WorkClaim& claim)
      : wiring_(wiring), item_(item), claim_(claim), messages_(*wiring.registry.find(kEntity)) {}

  queue::WorkOutcome run() {
    const std::string message_id = sdk::string_at(item_.payload, "messageId");
    const auto loaded = in_transaction([&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_ASSIGN(send_, load_send(session, message_id));
      return {};
    });
    if (!loaded.ok()) return failed(loaded.error());
    if (!send_) return done("ignored");
    const auto connections = wiring_.connections.list();
    if (!connections.ok()) return failed(connections.error());
    providers_ = find_providers({wiring_.settings.order, wiring_.plugins, wiring_.smtp.configured()},
                                send_->request.channel, *connections, send_->request.connection);
    return try_providers();
  }

 private:
  queue::WorkOutcome try_providers() {
    for (const Provider& provider : providers_) {
      // A try of unknown end is settled with the same provider before anybody else is asked.
      const bool another_is_open = !send_->provider.empty() && send_->provider != provider.id;
      if (another_is_open || send_->refused.count(provider.id) != 0) continue;
      if (!provider.unusable.empty()) {
        if (send_->provider.empty()) skipped_[provider.label] = provider.unusable;
        continue;
      }
      auto outcome = try_provider(provider);
      if (outcome) return *outcome;
    }
    if (!send_->provider.empty())
      return give_up("Whether it was sent is not known, and who knows cannot be asked any more.");
    return give_up(nobody_left());
  }

  /// nullopt: the next one is to be asked.
  std::optional<queue::WorkOutcome> try_provider(const Provider& provider) {
    auto sent = attempt(provider);
    if (sent.ok()) return store_sent(provider, *sent);
    const sdk::Error& error = sent.error();
    base::log_warning("messaging", "A message was not sent",
                      {{"message", send_->message_id}, {"provider", provider.label}, {"code", error.code}});
    switch (judge(error)) {
      case Failure::kRecipient:
        return give_up(provider.label + ": " + error.message);
      case Failure::kProvider:
        return pass_over(provider, error);
      case Failure::kUnsent: {
        // Nothing is lost with who cannot be reached: after a few tries somebody else is asked.
        const bool counts = error.error_class == sdk::ErrorClass::kTransient;
        if (counts && item_.attempts >= kTriesBeforeTheNext && somebody_after(provider))
          return pass_over(provider, error);
        const auto noted = forget(provider);
        return noted.ok() ? retry(provider, error) : failed(noted.error());
      }
      default:
        return retry(provider, error);
    }
  }

  std::optional<queue::WorkOutcome> pass_over(const Provider& provider, const sdk::Error& error) {
    const auto noted = note_refused(provider, error);
    if (!noted.ok()) return failed(noted.error());
    send_->refused[provider.id] = provider.label + ": " + error.message;
    send_->provider.clear();
    send_->tried_at.reset();
    return std::nullopt;
  }

  /// Whether another provider could take it that has not refused it.
  bool somebody_after(const Provider& provider) const {
    return std::any_of(providers_.begin(), providers_.end(), [&](const Provider& other) {
      return other.id != provider.id && other.unusable.empty() && send_->refused.count(other.id) == 0;
    });
  }

  /// Later, unless it has been tried often or long enough.
  queue::WorkOutcome retry(const Provider& provider, const sdk::Error& error) {
    const bool counts =
        error.error_class != sdk::ErrorClass::kRateLimited && error.error_class != sdk::ErrorClass::kCancelled;
    const auto age = std::chrono::system_clock::now() - item_.created_at;
    if ((counts && item_.attempts >= wiring_.settings.tries_max) || age > wiring_.settings.give_up_after)
      return give_up("Given up after " + std::to_string(item_.attempts) + " tries. " + provider.label + ": " +
                     error.message);
    return failed(error);
  }

  std::string nobody_left() const {
    std::string reasons;
    for (const auto& [id, why] : send_->refused) reasons += (reasons.empty() ? "" : " ") + why;
    for (const auto& [label, why] : skipped_) reasons += (reasons.empty() ? "" : " ") + label + ": " + why;
    return reasons.empty() ? "Nothing is set up to send on the channel " + send_->request.channel + "." : reasons;
  }

  sdk::CallContext make_context() const {
    sdk::CallContext context;
    context.deadline = std::chrono::steady_clock::now() + wiring_.settings.call_timeout;
    context.cancel = claim_.cancel();
    context.lane = sdk::Lane::kInteractive;
    return context;
  }

  /// The try is noted before anything leaves; `send_` says of an earlier one of unknown end.
  sdk::Result<sdk::SentMessage> attempt(const Provider& provider) {
    std::vector<std::string> sent_alike;
    PATCHBAY_TRY(in_transaction([&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_TRY(begin_try(session, send_->message_id, provider.id));
      if (!provider.connection) return {};
      if (send_->tried_at) {
        PATCHBAY_ASSIGN(sent_alike, find_sent_alike(session, provider.id, *send_));
      }
      // What the service tells of it before its answer is here is not to become a second message.
      sync::CreateUnderWay under_way;
      under_way.request = sdk::json::object{};
      PATCHBAY_TRY(
          sync::begin_create(session, provider.id, kResource, kEntity, send_->message_id, under_way, echo_keys()));
      return {};
    }));
    if (!provider.connection)
      return send_mail(wiring_.smtp, wiring_.settings.mail, make_context(), *send_, wiring_.clock.now());
    PATCHBAY_ASSIGN(const auto lease, wiring_.clients.client(*provider.connection));
    return lease->client().send_message(make_context(), make_outgoing(*send_, status_callback(provider), sent_alike));
  }

  /// What the service's own record of it will show: the address, or the text where an address has several names.
  std::vector<std::string> echo_keys() const {
    const bool by_text = send_->request.channel == "slack";
    return by_text ? sync::echo_keys({{"body", send_->request.text}})
                   : sync::echo_keys({{"toAddress", joined(send_->request.to)}});
  }

  std::string status_callback(const Provider& provider) const {
    const auto* plugin = wiring_.plugins.find(provider.connection->connector);
    if (wiring_.settings.public_url.empty() || plugin == nullptr || !plugin->description.webhooks.supported) return {};
    return wiring_.settings.public_url + "/api/v1/webhooks/" + provider.connection->connector + "/" + provider.id;
  }

  sdk::Result<void> forget(const Provider& provider) {
    return in_transaction([&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_TRY(forget_try(session, send_->message_id));
      return end_echo(session, provider);
    });
  }

  sdk::Result<void> end_echo(storage::Session& session, const Provider& provider) {
    if (!provider.connection) return {};
    return sync::end_create(session, provider.id, kEntity, send_->message_id);
  }

  sdk::Result<void> note_refused(const Provider& provider, const sdk::Error& error) {
    return in_transaction([&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_TRY(note_refusal(session, send_->message_id, provider.id, provider.label + ": " + error.message));
      PATCHBAY_TRY(end_echo(session, provider));
      if (!provider.connection) return {};
      if (error.error_class == sdk::ErrorClass::kAuth)
        PATCHBAY_TRY(wiring_.connections.set_state(session, provider.id, "needs_reconnect", error.message));
      return sync::append_log(session, *provider.connection, "",
                              {{"create",
                                kResource,
                                "",
                                send_->message_id,
                                "failed",
                                error.message,
                                {{"code", error.code}, {"direction", "to_service"}, {"attempt", item_.attempts}}}});
    });
  }

  queue::WorkOutcome store_sent(const Provider& provider, const sdk::SentMessage& sent) {
    const auto stored = in_transaction([&](storage::Session& session) -> sdk::Result<void> {
      sdk::json::object values{
          {"status", "sent"}, {"provider", provider.label}, {"sentAt", sdk::format_time(wiring_.clock.now())}};
      if (!sent.thread_id.empty() && sent.thread_id.size() <= 255) values["threadKey"] = sent.thread_id;
      PATCHBAY_TRY(wiring_.writer.amend(session, messages_, resources::Actor{}, send_->message_id, values));
      if (provider.connection) PATCHBAY_TRY(store_link(session, *provider.connection, sent));
      PATCHBAY_TRY(finish_send(session, send_->message_id));
      return claim_.complete(session, {item_.id}, "sent");
    });
    if (!stored.ok()) return failed(stored.error());
    if (wiring_.wake != nullptr) wiring_.wake->wake();
    return {};
  }

  /// Ties the row to the service's message, and takes over what the service says of it.
  sdk::Result<void> store_link(storage::Session& session, const connections::Connection& connection,
                               const sdk::SentMessage& sent) {
    PATCHBAY_TRY(sync::end_create(session, connection.id, kEntity, send_->message_id));
    const auto mapping = wiring_.mappings.find(connection.connector);
    const auto* rules = mapping == nullptr ? nullptr : mapping->find(kResource);
    if (rules == nullptr || rules->entity_kind != kEntity || sent.external_id.empty()) return {};
    PATCHBAY_ASSIGN(const auto echo,
                    sync::store_written(session, {connection.id, connection.connector, kResource, sent.external_id,
                                                  kEntity, send_->message_id, "", "", 0}));
    if (echo) PATCHBAY_TRY(remove_echo(session, connection, *echo));
    PATCHBAY_TRY(sync::append_log(
        session, connection, "",
        {{"create", kResource, sent.external_id, send_->message_id, "success", "", {{"direction", "to_service"}}}}));
    if (!sent.record) return {};
    const mapping::Mapper mapper(*mapping, wiring_.registry, sync::context_for(wiring_.context, connection));
    sync::ApplyRequest request;
    request.connection = &connection;
    request.mapper = &mapper;
    request.resource = kResource;
    request.records.push_back(*sent.record);
    PATCHBAY_TRY(wiring_.applier.apply(session, request));
    return {};
  }

  /// The service's word of it was faster than its answer and became a message of its own: that one goes again.
  sdk::Result<void> remove_echo(storage::Session& session, const connections::Connection& connection,
                                const std::string& id) {
    resources::BulkRow row;
    row.entity_id = id;
    row.deleted = true;
    const resources::Actor actor{resources::Actor::Kind::kService, connection.connector, connection.id, {}};
    return wiring_.writer.apply_bulk(session, messages_, actor, {row});
  }

  queue::WorkOutcome give_up(const std::string& why) {
    const auto stored = in_transaction([&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_TRY(wiring_.writer.amend(session, messages_, resources::Actor{}, send_->message_id,
                                        {{"status", "failed"}, {"failureReason", cut(why)}}));
      if (!send_->provider.empty() && send_->provider != "smtp")
        PATCHBAY_TRY(sync::end_create(session, send_->provider, kEntity, send_->message_id));
      PATCHBAY_TRY(finish_send(session, send_->message_id));
      return claim_.complete(session, {item_.id}, "failed");
    });
    if (!stored.ok()) return failed(stored.error());
    if (wiring_.wake != nullptr) wiring_.wake->wake();
    return {};
  }

  queue::WorkOutcome done(const std::string& outcome) {
    const auto completed =
        in_transaction([&](storage::Session& session) { return claim_.complete(session, {item_.id}, outcome); });
    return completed.ok() ? queue::WorkOutcome() : failed(completed.error());
  }

  sdk::Result<void> in_transaction(const storage::Work& work) {
    return wiring_.database.transaction(storage::Lane::kWorker, work);
  }

  const MessagingWiring& wiring_;
  const queue::WorkItem& item_;
  queue::WorkClaim& claim_;
  const resources::ResourceDescription& messages_;
  std::optional<Send> send_;
  std::vector<Provider> providers_;
  std::map<std::string, std::string> skipped_;
};

}  // namespace

std::vector<queue::WorkOutcome> MessageSender::handle(const std::vector<queue::WorkItem>& items,
                                                      queue::WorkClaim& claim) {
  std::vector<queue::WorkOutcome> outcomes;
  for (const queue::WorkItem& item : items) outcomes.push_back(Item(wiring_, item, claim).run());
  return outcomes;
}

queue::NewWork make_work(const std::string& message_id, const Outgoing& outgoing) {
  queue::NewWork work;
  work.kind = kWorkKind;
  // What goes to one address leaves in the order in which it was written.
  work.lane_key =
      "message:" + outgoing.channel + ":" + sdk::hex_encode(base::sha256(joined(outgoing.to))).substr(0, 32);
  work.dedupe_key = message_id;
  work.payload = {{"messageId", message_id}};
  return work;
}

}  // namespace patchbay::messaging
