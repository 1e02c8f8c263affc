// The one Google account that the sandbox plays: its tables, the order of its changes, and who is told of them.
#pragma once

#include "tests/sandbox/google/signing_key.hpp"
#include "tests/sandbox/service.hpp"

#include <map>

namespace patchbay::sandbox::google {

inline constexpr std::string_view kEmail = "owner@sandbox.example";
inline constexpr std::string_view kCalendarScope = "https://www.googleapis.com/auth/calendar";
inline constexpr std::string_view kGmailScope = "https://mail.google.com/";
inline constexpr std::string_view kDriveScope = "https://www.googleapis.com/auth/drive";

class Account {
 public:
  Account(const ServiceContext& context, std::string client_id, std::string client_secret);

  const ServiceContext& context() const { return context_; }
  const std::string& client_id() const { return client_id_; }
  const std::string& client_secret() const { return client_secret_; }
  std::int64_t now_ms() const { return context_.clock.now_milliseconds(); }

  const Table& table(std::string_view kind) const { return context_.store.table(name_of(kind)); }
  const Record* find(std::string_view kind, std::string_view id) const { return table(kind).find(id); }
  /// Writes without telling anybody; the record's place in by_updated() is the order of changes.
  const json::object& put(std::string_view kind, std::string id, json::object value);
  void erase(std::string_view kind, std::string_view id) { context_.store.erase(name_of(kind), id); }
  /// The number of the last change; sync tokens, history ids and change tokens are made of it.
  std::uint64_t last_change() const;

  // Push. Channels of `topic` ("events", "changes") get a notification; the mailbox is published to Pub/Sub.
  /// Makes a channel and sends its first message; nullopt where the id is taken.
  std::optional<json::object> open_channel(const json::object& wanted, const std::string& topic,
                                           const std::string& uri);
  /// false where there is no such channel.
  bool stop_channel(const std::string& id, const std::string& resource_id);
  void tell_channels(std::string_view topic, std::string_view state);
  /// Begins to publish; the first message follows at once.
  void watch_mailbox(const std::string& topic_name);
  void stop_mailbox();
  void publish_mailbox();

  const SigningKey& signing_key() const { return key_; }
  void set_push(const json::object& settings);
  /// Who a push's token is for and from.
  const std::string& audience() const { return audience_; }
  const std::string& service_account() const { return service_account_; }

 private:
  static std::string name_of(std::string_view kind) { return "google." + std::string(kind); }
  void notify(const json::object& channel, std::string_view state, std::uint64_t number);

  const ServiceContext& context_;
  std::string client_id_, client_secret_;
  std::string push_target_;  // where Pub/Sub pushes to
  std::string audience_, service_account_;
  SigningKey key_;
};

}  // namespace patchbay::sandbox::google
