#include "tests/sandbox/slack/methods.hpp"

#include <algorithm>

namespace patchbay::sandbox::slack {
namespace {

constexpr std::size_t kListDefault = 100, kListMax = 999;
constexpr std::size_t kHistoryMax = 999, kRepliesDefault = 1000, kRepliesMax = 1000;
constexpr std::size_t kRestrictedMax = 15;

/// Which messages are asked for, in microseconds, both ends as given.
struct Window {
  std::int64_t oldest = -1, latest = -1;
  bool inclusive = false;

  explicit Window(const Arguments& arguments)
      : oldest(arguments.has("oldest") ? parse_timestamp(arguments.text("oldest")) : -1),
        latest(arguments.has("latest") ? parse_timestamp(arguments.text("latest")) : -1),
        inclusive(arguments.flag("inclusive")) {}
  bool holds(std::int64_t at) const {
    if (oldest >= 0 && (inclusive ? at < oldest : at <= oldest)) return false;
    return latest < 0 || (inclusive ? at <= latest : at < latest);
  }
};

std::size_t page_size(MethodCall& call, std::size_t fallback, std::size_t most) {
  if (call.one_page_of_15) return call.arguments.number("limit", kRestrictedMax, 1, kRestrictedMax);
  return call.arguments.number("limit", fallback, 1, most);
}

json::object visible(const json::object& message, bool with_metadata) {
  auto out = shown(message);
  if (!with_metadata) out.erase("metadata");
  return out;
}

json::object page(json::array messages, const std::string& next_cursor) {
  return {{"messages", std::move(messages)},
          {"has_more", !next_cursor.empty()},
          {"pin_count", 0},
          {"response_metadata", json::object{{"next_cursor", next_cursor}}}};
}

std::vector<std::string> wanted_types(const Arguments& arguments) {
  auto text = arguments.text("types");
  if (text.empty()) text = "public_channel";
  std::vector<std::string> types;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    types.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return types;
}

std::string type_of(const json::object& channel) {
  const auto kind = sdk::string_at(channel, "_type");
  if (kind == "im" || kind == "mpim") return kind;
  return channel.at("is_private").as_bool() ? "private_channel" : "public_channel";
}

json::object shown_channel(const json::object& channel) {
  auto out = shown(channel);
  if (sdk::string_at(channel, "_type") != "im") out["is_member"] = channel.at("_member");
  return out;
}

}  // namespace

http::Response list_conversations(MethodCall& call) {
  const auto types = wanted_types(call.arguments);
  const auto size = call.arguments.number("limit", kListDefault, 1, kListMax);
  std::string after;
  if (const auto cursor = call.arguments.text("cursor"); !cursor.empty()) {
    const auto position = parse_cursor("team", cursor);
    if (!position) return refusal("invalid_cursor");
    after = *position;
  }
  json::array channels;
  std::string last, next;
  bool reached = after.empty();
  for (const auto* record : call.workspace.table("channels").by_created()) {
    const auto& channel = record->value;
    const bool secret = channel.at("is_private").as_bool() && !channel.at("_member").as_bool();
    const bool archived = call.arguments.flag("exclude_archived") && channel.at("is_archived").as_bool();
    const bool wanted =
        reached && !secret && !archived && std::find(types.begin(), types.end(), type_of(channel)) != types.end();
    if (record->id == after) reached = true;
    if (!wanted) continue;
    if (channels.size() == size) {
      next = make_cursor("team", last);
      break;
    }
    channels.push_back(shown_channel(channel));
    last = record->id;
  }
  return answer({{"channels", std::move(channels)}, {"response_metadata", json::object{{"next_cursor", next}}}});
}

http::Response get_conversation(MethodCall& call) {
  std::string error;
  const auto* channel = usable_channel(call, "channel", false, error);
  if (channel == nullptr) return refusal(error);
  return answer({{"channel", shown_channel(*channel)}});
}

http::Response open_conversation(MethodCall& call) {
  const auto user = call.arguments.text("users");
  if (user.find(',') != std::string::npos) return refusal("too_many_users");
  if (call.workspace.find("users", user) == nullptr) return refusal("user_not_found");
  // One person has one direct conversation with the bot.
  const auto id = "D" + user.substr(1);
  if (const auto* known = call.workspace.find_channel(id))
    return answer({{"no_op", true}, {"already_open", true}, {"channel", json::object{{"id", known->at("id")}}}});
  const auto now = call.workspace.now_seconds();
  call.workspace.put("channels", id, now * 1000,
                     {{"id", id},
                      {"created", now},
                      {"is_im", true},
                      {"is_archived", false},
                      {"is_private", true},
                      {"user", user},
                      {"_type", "im"},
                      {"_member", true}});
  return answer({{"channel", json::object{{"id", id}}}});
}

http::Response join_conversation(MethodCall& call) {
  std::string error;
  const auto* channel = usable_channel(call, "channel", false, error);
  if (channel == nullptr) return refusal(error);
  if (type_of(*channel) != "public_channel") return refusal("method_not_supported_for_channel_type");
  if (channel->at("is_archived").as_bool()) return refusal("is_archived");
  const auto id = sdk::string_at(*channel, "id");
  if (channel->at("_member").as_bool())
    return answer({{"channel", shown_channel(*channel)}, {"warning", "already_in_channel"}});
  auto joined = *channel;
  joined["_member"] = true;
  const auto& kept = call.workspace.put("channels", id, joined.at("created").to_number<std::int64_t>() * 1000, joined);
  call.workspace.announce({{"type", "member_joined_channel"},
                           {"user", kBotUserId},
                           {"channel", id},
                           {"channel_type", "C"},
                           {"team", kTeamId},
                           {"event_ts", call.workspace.new_timestamp()}});
  return answer({{"channel", shown_channel(kept)}});
}

http::Response read_history(MethodCall& call) {
  std::string error;
  const auto* channel = usable_channel(call, "channel", true, error);
  if (channel == nullptr) return refusal(error);
  const auto id = sdk::string_at(*channel, "id");
  auto before = std::numeric_limits<std::int64_t>::max();
  if (const auto cursor = call.arguments.text("cursor"); !cursor.empty()) {
    const auto position = parse_cursor("next_ts:" + id, cursor);
    if (!position) return refusal("invalid_cursor");
    before = parse_timestamp(*position);
  }
  const Window window(call.arguments);
  const auto size = page_size(call, 100, kHistoryMax);
  json::array messages;
  std::string next;
  const auto& order = call.workspace.table("messages").where("_channel", id);
  for (auto record = order.rbegin(); record != order.rend(); ++record) {
    const auto& message = (*record)->value;
    const auto at = parse_timestamp(sdk::string_at(message, "ts"));
    // Answers in threads are told by conversations.replies only, unless they were sent to the channel as well.
    const bool answer_only = message.contains("_thread") && sdk::string_at(message, "subtype") != "thread_broadcast";
    if (answer_only || at >= before || !window.holds(at)) continue;
    if (messages.size() == size) {
      next = make_cursor("next_ts:" + id, sdk::string_at(messages.back(), "ts"));
      break;
    }
    messages.push_back(visible(message, call.arguments.flag("include_all_metadata")));
  }
  return answer(page(std::move(messages), next));
}

http::Response read_replies(MethodCall& call) {
  std::string error;
  const auto* channel = usable_channel(call, "channel", true, error);
  if (channel == nullptr) return refusal(error);
  const auto id = sdk::string_at(*channel, "id");
  const auto* root = call.workspace.find_thread(id, call.arguments.text("ts"));
  if (root == nullptr) return refusal("thread_not_found");
  const auto root_ts = sdk::string_at(*root, "ts");
  std::int64_t after = -1;
  if (const auto cursor = call.arguments.text("cursor"); !cursor.empty()) {
    const auto position = parse_cursor("bmV4dF90:" + id, cursor);
    if (!position) return refusal("invalid_cursor");
    after = parse_timestamp(*position);
  }
  const Window window(call.arguments);
  const bool metadata = call.arguments.flag("include_all_metadata");
  const auto size = page_size(call, kRepliesDefault, kRepliesMax);
  json::array messages;
  if (after < 0) messages.push_back(visible(*root, metadata));
  std::string next;
  for (const auto* message : call.workspace.replies(id, root_ts)) {
    const auto at = parse_timestamp(sdk::string_at(*message, "ts"));
    if (at <= after || !window.holds(at)) continue;
    if (messages.size() >= size) {
      next = make_cursor("bmV4dF90:" + id, sdk::string_at(messages.back(), "ts"));
      break;
    }
    messages.push_back(visible(*message, metadata));
  }
  return answer(page(std::move(messages), next));
}

}  // namespace patchbay::sandbox::slack
