// The one Slack workspace that the sandbox plays: people, channels, messages, and the events that follow every change.
#pragma once

#include "tests/sandbox/service.hpp"

namespace patchbay::sandbox::slack {

inline constexpr std::string_view kTeamId = "T0SANDBOX";
inline constexpr std::string_view kAppId = "A0SANDBOX";
inline constexpr std::string_view kBotId = "B0SANDBOX";
inline constexpr std::string_view kBotUserId = "U0SANDBOXBOT";
inline constexpr std::string_view kBotToken = "xoxb-sandbox";

struct Secrets {
  std::string client_id, client_secret, signing_secret;
};

/// "1503435956.000247" and microseconds; -1 for what is no time stamp.
std::string format_timestamp(std::int64_t microseconds);
std::int64_t parse_timestamp(std::string_view text);
std::string message_key(std::string_view channel, std::string_view ts);
/// Without the sandbox's own members (those that begin with `_`).
json::object shown(const json::object& record);

class Workspace {
 public:
  Workspace(const ServiceContext& context, Secrets secrets);

  const ServiceContext& context() const { return context_; }
  const Secrets& secrets() const { return secrets_; }
  std::int64_t now_seconds() const { return context_.clock.now_seconds(); }

  const Table& table(std::string_view kind) const { return context_.store.table(table_name(kind)); }
  const Record* find(std::string_view kind, std::string_view id) const { return table(kind).find(id); }
  const json::object& put(std::string_view kind, std::string id, std::int64_t created_ms, json::object value);
  void erase(std::string_view kind, std::string_view id) { context_.store.erase(table_name(kind), id); }

  /// Later than every time stamp given out before.
  std::string new_timestamp();
  /// By id or name; null where there is none.
  const json::object* find_channel(std::string_view id_or_name) const;
  const json::object* find_message(std::string_view channel, std::string_view ts) const;
  /// The message that `ts` is, or hangs on.
  const json::object* find_thread(std::string_view channel, std::string_view ts) const;
  /// Answers in a thread, oldest first.
  std::vector<const json::object*> replies(std::string_view channel, std::string_view thread_ts) const;

  /// Writes a new message (ts is set), keeps its thread's counts and sends the events.
  const json::object& post(const std::string& channel, json::object message);
  /// Writes a changed message and sends message_changed.
  const json::object& change(const std::string& channel, json::object message);
  void remove(const std::string& channel, const std::string& ts);
  /// Adds or takes back one person's reaction; false where it is so already.
  bool react(const std::string& channel, const std::string& ts, const std::string& name, const std::string& user,
             bool add);

  /// An event in its envelope, to the target; nothing where there is none.
  void announce(json::object event);
  /// Any body, signed; the delivery's id, empty where there is no target.
  std::string send(std::string topic, std::string body, std::string content_type);
  void set_webhook_target(std::string target) { webhook_target_ = std::move(target); }
  void set_signing_secret(std::string secret) { secrets_.signing_secret = std::move(secret); }

 private:
  static std::string table_name(std::string_view kind) { return "slack." + std::string(kind); }
  const json::object& store_message(const std::string& channel, json::object message);
  void count_replies(const std::string& channel, const std::string& thread_ts);
  void announce_message(const std::string& channel, json::object message);

  const ServiceContext& context_;
  Secrets secrets_;
  std::string webhook_target_;
  std::int64_t newest_ = -1;  // microseconds; -1: not yet looked for
};

}  // namespace patchbay::sandbox::slack
