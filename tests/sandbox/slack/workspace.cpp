#include "tests/sandbox/slack/workspace.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::sandbox::slack {
namespace {

constexpr std::int64_t kMicroseconds = 1'000'000;

std::string text_at(const json::object& object, std::string_view name) {
  return sdk::string_at(object, name);
}

json::array users_of(const json::object& reaction) {
  const auto* users = reaction.if_contains("users");
  return users != nullptr && users->is_array() ? users->get_array() : json::array();
}

}  // namespace

std::string format_timestamp(std::int64_t microseconds) {
  auto fraction = std::to_string(microseconds % kMicroseconds);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(microseconds / kMicroseconds) + "." + fraction;
}

std::int64_t parse_timestamp(std::string_view text) {
  const auto dot = std::min(text.find('.'), text.size());
  std::int64_t seconds = 0, fraction = 0;
  const auto whole = std::from_chars(text.data(), text.data() + dot, seconds);
  if (whole.ec != std::errc() || whole.ptr != text.data() + dot || seconds < 0 || seconds > 99'999'999'999) return -1;
  if (dot == text.size()) return seconds * kMicroseconds;
  auto digits = std::string(text.substr(dot + 1, 6));
  digits.resize(6, '0');
  const auto part = std::from_chars(digits.data(), digits.data() + digits.size(), fraction);
  if (part.ec != std::errc() || part.ptr != digits.data() + digits.size()) return -1;
  return seconds * kMicroseconds + fraction;
}

std::string message_key(std::string_view channel, std::string_view ts) {
  return std::string(channel) + ":" + std::string(ts);
}

json::object shown(const json::object& record) {
  json::object out;
  for (const auto& member : record) {
    if (!member.key().starts_with("_")) out[member.key()] = member.value();
  }
  return out;
}

Workspace::Workspace(const ServiceContext& context, Secrets secrets)
    : context_(context), secrets_(std::move(secrets)), webhook_target_(context.webhook_target) {
  auto& store = context_.store;
  store.declare(table_name("users"), {"_email"});
  store.declare(table_name("channels"), {"name"});
  store.declare(table_name("messages"), {"_channel", "_thread"});
  for (const auto* kind : {"files", "uploads", "tokens", "codes"}) store.declare(table_name(kind));
}

const json::object& Workspace::put(std::string_view kind, std::string id, std::int64_t created_ms, json::object value) {
  return context_.store
      .put(table_name(kind), std::move(id), created_ms, context_.clock.now_milliseconds(), std::move(value))
      .value;
}

std::string Workspace::new_timestamp() {
  if (newest_ < 0) {
    newest_ = 0;
    for (const auto* record : table("messages").by_created())
      newest_ = std::max(newest_, parse_timestamp(text_at(record->value, "ts")));
  }
  newest_ = std::max(context_.clock.now_milliseconds() * 1'000, newest_ + 1);
  return format_timestamp(newest_);
}

const json::object* Workspace::find_channel(std::string_view id_or_name) const {
  if (const auto* record = find("channels", id_or_name)) return &record->value;
  if (id_or_name.starts_with('#')) id_or_name.remove_prefix(1);
  const auto& named = table("channels").where("name", id_or_name);
  return named.empty() || id_or_name.empty() ? nullptr : &named.front()->value;
}

const json::object* Workspace::find_message(std::string_view channel, std::string_view ts) const {
  const auto* record = find("messages", message_key(channel, ts));
  return record == nullptr ? nullptr : &record->value;
}

const json::object* Workspace::find_thread(std::string_view channel, std::string_view ts) const {
  const auto* message = find_message(channel, ts);
  if (message == nullptr) return nullptr;
  const auto root = text_at(*message, "thread_ts");
  return root.empty() || root == ts ? message : find_message(channel, root);
}

std::vector<const json::object*> Workspace::replies(std::string_view channel, std::string_view thread_ts) const {
  std::vector<const json::object*> found;
  for (const auto* record : table("messages").where("_thread", message_key(channel, thread_ts)))
    found.push_back(&record->value);
  return found;
}

const json::object& Workspace::store_message(const std::string& channel, json::object message) {
  const auto ts = text_at(message, "ts");
  const auto thread = text_at(message, "thread_ts");
  message["_channel"] = channel;
  if (!thread.empty() && thread != ts) message["_thread"] = message_key(channel, thread);
  return put("messages", message_key(channel, ts), parse_timestamp(ts) / 1'000, std::move(message));
}

/// What Slack shows of a thread on its first message.
void Workspace::count_replies(const std::string& channel, const std::string& thread_ts) {
  const auto* root = find_message(channel, thread_ts);
  if (root == nullptr) return;
  auto counted = *root;
  const auto answers = replies(channel, thread_ts);
  json::array users;
  for (const auto* answer : answers) {
    const json::value user(text_at(*answer, "user"));
    if (std::find(users.begin(), users.end(), user) == users.end()) users.push_back(user);
  }
  for (const auto* member : {"reply_count", "reply_users_count", "latest_reply", "reply_users"}) counted.erase(member);
  if (!answers.empty()) {
    counted["thread_ts"] = thread_ts;
    counted["reply_count"] = answers.size();
    counted["reply_users_count"] = users.size();
    counted["reply_users"] = std::move(users);
    counted["latest_reply"] = text_at(*answers.back(), "ts");
  }
  store_message(channel, std::move(counted));
}

const json::object& Workspace::post(const std::string& channel, json::object message) {
  const auto ts = new_timestamp();
  message["type"] = "message";
  message["ts"] = ts;
  message["team"] = kTeamId;
  const auto thread = text_at(message, "thread_ts");
  store_message(channel, std::move(message));
  if (!thread.empty()) count_replies(channel, thread);
  const auto& kept = *find_message(channel, ts);
  announce_message(channel, shown(kept));
  return kept;
}

void Workspace::announce_message(const std::string& channel, json::object message) {
  const auto* known = find_channel(channel);
  message["channel"] = channel;
  message["channel_type"] = known == nullptr ? "channel" : text_at(*known, "_type");
  const auto ts = text_at(message, "ts");
  const bool mentioned = text_at(message, "text").find("<@" + std::string(kBotUserId) + ">") != std::string::npos;
  message["event_ts"] = ts;
  auto mention = message;
  announce(std::move(message));
  if (!mentioned || mention.contains("bot_id")) return;
  mention["type"] = "app_mention";
  mention.erase("channel_type");
  announce(std::move(mention));
}

const json::object& Workspace::change(const std::string& channel, json::object message) {
  const auto ts = text_at(message, "ts");
  const auto* before = find_message(channel, ts);
  json::object event{{"type", "message"},
                     {"subtype", "message_changed"},
                     {"channel", channel},
                     {"hidden", true},
                     {"previous_message", before == nullptr ? json::object() : shown(*before)}};
  const auto& kept = store_message(channel, std::move(message));
  event["message"] = shown(kept);
  event["ts"] = event["event_ts"] = new_timestamp();
  announce(std::move(event));
  return kept;
}

void Workspace::remove(const std::string& channel, const std::string& ts) {
  const auto* message = find_message(channel, ts);
  if (message == nullptr) return;
  const auto before = shown(*message);
  const auto thread = text_at(before, "thread_ts");
  // The first message of a thread leaves its place behind.
  if (!replies(channel, ts).empty()) {
    auto remains = *message;
    remains["subtype"] = "tombstone";
    remains["text"] = "This message was deleted.";
    remains["user"] = "USLACKBOT";
    remains.erase("blocks");
    change(channel, std::move(remains));
    return;
  }
  erase("messages", message_key(channel, ts));
  if (!thread.empty() && thread != ts) count_replies(channel, thread);
  const auto at = new_timestamp();
  announce({{"type", "message"},
            {"subtype", "message_deleted"},
            {"channel", channel},
            {"hidden", true},
            {"deleted_ts", ts},
            {"previous_message", before},
            {"ts", at},
            {"event_ts", at}});
}

bool Workspace::react(const std::string& channel, const std::string& ts, const std::string& name,
                      const std::string& user, bool add) {
  auto message = *find_message(channel, ts);
  json::array kept;
  bool found = false, was = false;
  const auto* given = message.if_contains("reactions");
  for (const auto& reaction : given != nullptr && given->is_array() ? given->get_array() : json::array()) {
    auto changed = reaction.as_object();
    if (text_at(changed, "name") == name) {
      found = true;
      auto users = users_of(changed);
      const auto place = std::find(users.begin(), users.end(), json::value(user));
      was = place != users.end();
      if (add && !was) users.emplace_back(user);
      if (!add && was) users.erase(place);
      changed["count"] = users.size();
      changed["users"] = users;
      if (users.empty()) continue;
    }
    kept.push_back(std::move(changed));
  }
  if (add && !found) kept.push_back(json::object{{"name", name}, {"users", json::array{user}}, {"count", 1}});
  if (was == add) return false;
  message.erase("reactions");
  if (!kept.empty()) message["reactions"] = std::move(kept);
  const auto author = text_at(message, "user");
  store_message(channel, std::move(message));
  announce({{"type", add ? "reaction_added" : "reaction_removed"},
            {"user", user},
            {"reaction", name},
            {"item_user", author},
            {"item", json::object{{"type", "message"}, {"channel", channel}, {"ts", ts}}},
            {"event_ts", new_timestamp()}});
  return true;
}

void Workspace::announce(json::object event) {
  // Slack tells an app of nothing in channels that it is not in.
  const auto channel = event.contains("item") ? sdk::string_at(event, "item.channel") : text_at(event, "channel");
  const auto* known = channel.empty() ? nullptr : find_channel(channel);
  if (known != nullptr && !known->at("_member").as_bool()) return;
  const auto topic = text_at(event, "type");
  json::object envelope{{"token", "deprecated"},
                        {"team_id", kTeamId},
                        {"context_team_id", kTeamId},
                        {"context_enterprise_id", nullptr},
                        {"api_app_id", kAppId},
                        {"event", std::move(event)},
                        {"type", "event_callback"},
                        {"event_id", context_.new_id("Ev", 9)},
                        {"event_time", now_seconds()},
                        {"authorizations", json::array{json::object{{"enterprise_id", nullptr},
                                                                    {"team_id", kTeamId},
                                                                    {"user_id", kBotUserId},
                                                                    {"is_bot", true},
                                                                    {"is_enterprise_install", false}}}},
                        {"is_ext_shared_channel", false},
                        {"event_context", "4-" + topic}};
  send(topic, to_wire(envelope), "application/json");
}

std::string Workspace::send(std::string topic, std::string body, std::string content_type) {
  if (webhook_target_.empty()) return {};
  OutgoingEvent outgoing;
  outgoing.service = "slack";
  outgoing.event_id = "delivery_" + std::to_string(context_.store.next_number());
  outgoing.topic = std::move(topic);
  outgoing.url = webhook_target_ + "/slack";
  outgoing.body = std::move(body);
  // Signed with the machine's time, whatever the sandbox's clock says; from the second try on it says which one it is.
  outgoing.sign = [secret = secrets_.signing_secret, type = std::move(content_type),
                   tries = 0](std::string_view text) mutable {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto timestamp = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count());
    const auto signature = sdk::hex_encode(base::hmac_sha256(secret, "v0:" + timestamp + ":" + std::string(text)));
    sdk::Headers headers{{"X-Slack-Request-Timestamp", timestamp},
                         {"X-Slack-Signature", "v0=" + signature},
                         {"Content-Type", type},
                         {"User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)"}};
    if (tries > 0) {
      headers.emplace_back("X-Slack-Retry-Num", std::to_string(tries));
      headers.emplace_back("X-Slack-Retry-Reason", "http_error");
    }
    ++tries;
    return headers;
  };
  auto id = outgoing.event_id;
  context_.webhooks.send(std::move(outgoing));
  return id;
}

}  // namespace patchbay::sandbox::slack
