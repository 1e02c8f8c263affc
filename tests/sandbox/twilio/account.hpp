// One Twilio account: its messages and files, who opted out, and the webhooks that follow.
#pragma once

#include "tests/sandbox/service.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::sandbox::twilio {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view kApiVersion = "2010-04-01";
/// What the account has to send from: the number that Twilio's test credentials know, and one more.
inline constexpr std::string_view kNumbers[] = {"+15005550006", "+18445550100"};
inline constexpr std::string_view kServiceSid = "MG0000000000000000000000000000000a";

struct Credentials {
  std::string account_sid, auth_token, key_sid, key_secret;
};

/// Those of the sandbox, unless it is told others.
Credentials sandbox_credentials();

/// "Thu, 24 Aug 2023 05:01:45 +0000".
std::string rfc2822(std::int64_t milliseconds);
/// `SM` and 32 hexadecimal digits.
std::string random_sid(std::string_view prefix, Random random);

class Account {
 public:
  Account(const ServiceContext& context, Credentials credentials);

  const ServiceContext& context() const { return context_; }
  const Credentials& credentials() const { return credentials_; }
  std::int64_t now_ms() const { return context_.clock.now_milliseconds() / 1000 * 1000; }
  std::string new_sid(std::string_view prefix) const;
  std::string account_uri() const;

  const Table& messages() const { return context_.store.table("twilio.messages"); }
  const Table& media() const { return context_.store.table("twilio.media"); }
  const Record* find(std::string_view sid) const { return messages().find(sid); }
  /// Writes a message; what begins with '_' is never shown. `created_ms` of a new one.
  const json::object& put(json::object message, std::int64_t created_ms);
  const json::object& change(const Record& record, json::object message);
  void erase(std::string_view sid);
  void add_media(const json::object& message, std::string_view content_type, std::int64_t created_ms);
  /// As Twilio shows it.
  static json::object shown(const json::object& message);

  bool opted_out(std::string_view number) const { return context_.store.find("twilio.optouts", number) != nullptr; }
  /// STOP and START of a person; what Twilio adds to its webhook for them, or nothing.
  std::string note_keyword(std::string_view number, std::string_view body);

  /// Tells whoever wants to know that a message of ours has a new status.
  void send_status(const json::object& message);
  /// Tells the number's webhook of an inbound message.
  void send_inbound(const json::object& message, const std::string& opt_out);
  void set_webhook_target(std::string target, std::string auth_token);
  std::string default_url() const;

 private:
  void deliver(std::string url, std::string event_id, std::string topic, Fields fields);

  const ServiceContext& context_;
  Credentials credentials_;
  std::string webhook_target_;
};

/// A message with every member that Twilio shows.
json::object make_message(const Account& account, std::string sid, std::int64_t at_ms);

/// base64(HMAC-SHA1(token, url + fields by name)).
std::string twilio_signature(std::string_view token, std::string_view url, Fields fields);

}  // namespace patchbay::sandbox::twilio
