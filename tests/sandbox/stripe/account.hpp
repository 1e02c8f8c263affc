// One Stripe account: its tables, and the events and webhooks that follow every change.
#pragma once

#include "tests/sandbox/service.hpp"
#include "tests/sandbox/stripe/params.hpp"

namespace patchbay::sandbox::stripe {

inline constexpr std::string_view kApiVersion = "2026-07-29.dahlia";
inline constexpr std::int64_t kEventDays = 30;

/// "customers" → the word in "No such customer".
std::string noun_of(std::string_view kind);

class Account {
 public:
  Account(const ServiceContext& context, std::string key, std::string id, std::string webhook_secret);

  const ServiceContext& context() const { return context_; }
  const std::string& key() const { return key_; }
  const std::string& id() const { return id_; }
  std::int64_t now() const { return context_.clock.now_seconds(); }
  std::string new_id(std::string_view prefix) const { return context_.new_id(prefix, 24); }
  void set_webhook_target(std::string target, std::optional<std::string> secret);

  const Table& table(std::string_view kind) const { return context_.store.table(table_name(kind)); }
  const Record* find(std::string_view kind, std::string_view id) const { return table(kind).find(id); }
  /// Writes without an event. `value` has "id" and "created".
  const json::object& put(std::string_view kind, json::object value);
  void erase(std::string_view kind, std::string_view id) { context_.store.erase(table_name(kind), id); }

  /// Writes a new object and sends its event.
  const json::object& add(std::string_view kind, json::object value, std::string_view event_type);
  /// Writes a changed object and sends its events; the first carries the attributes that changed.
  const json::object& update(std::string_view kind, json::object value,
                             const std::vector<std::string_view>& event_types);
  /// Keeps the event and sends it to whoever listens.
  void emit(std::string_view type, const json::object& object, json::object previous_attributes = {});
  /// An event of the generated data: kept, not sent.
  void keep_event(std::string id, std::int64_t created, std::string_view type, const json::object& object);

  /// The request that events of the present call name.
  void set_request(std::string request_id, std::string idempotency_key);

 private:
  std::string table_name(std::string_view kind) const { return "stripe." + key_ + "." + std::string(kind); }
  json::object make_event(std::string id, std::int64_t created, std::string_view type,
                          const json::object& object) const;
  void deliver(const json::object& event, std::string_view url, std::string secret);

  const ServiceContext& context_;
  std::string key_, id_, webhook_target_, webhook_secret_;
  std::string request_id_, idempotency_key_;
};

/// "t=<unix>,v1=<hex>" over "t.body". By the machine's clock, not the sandbox's: the receiver's clock decides on
/// staleness.
std::string stripe_signature(std::string_view secret, std::string_view body, std::int64_t unix_seconds);

}  // namespace patchbay::sandbox::stripe
