// What people do in Slack's own windows, steered by the sandbox's control calls.
#include "tests/sandbox/slack/dataset.hpp"
#include "tests/sandbox/slack/slack_service.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::sandbox {
namespace {

sdk::Error not_found(std::string what) {
  return sdk::not_found_error("sandbox.not_found", std::move(what));
}

/// With its id, which a message of Slack's has not.
json::value shown_message(const json::object& message) {
  auto out = slack::shown(message);
  out["id"] = slack::message_key(sdk::string_at(message, "_channel"), sdk::string_at(message, "ts"));
  out["channel"] = message.at("_channel");
  return out;
}

std::string text_or(const json::object& members, std::string_view name, std::string_view fallback) {
  auto text = sdk::string_at(members, name);
  return text.empty() ? std::string(fallback) : text;
}

}  // namespace

sdk::Result<json::array> SlackService::truth(const RecordKind& kind) const {
  const auto known = kinds();
  if (std::find(known.begin(), known.end(), kind.kind) == known.end()) return not_found("slack has no " + kind.kind);
  json::array records;
  for (const auto* record : workspace_.table(kind.kind).by_created()) {
    if (kind.kind != "messages") {
      auto out = slack::shown(record->value);
      if (kind.kind == "channels") out["is_member"] = record->value.at("_member");
      if (kind.kind == "files") out["sha256"] = record->value.at("_sha256");
      records.push_back(std::move(out));
      continue;
    }
    // What a bot can know: nothing of channels that it is not in.
    const auto* channel = workspace_.find_channel(sdk::string_at(record->value, "_channel"));
    if (channel != nullptr && channel->at("_member").as_bool()) records.push_back(shown_message(record->value));
  }
  return records;
}

sdk::Result<json::value> SlackService::give_command(const json::object& members) {
  const auto number = std::to_string(context_.store.next_number());
  const std::vector<std::pair<std::string, std::string>> fields{
      {"token", "deprecated"},
      {"team_id", std::string(slack::kTeamId)},
      {"team_domain", "sandbox"},
      {"channel_id", text_or(members, "channel", "C0UNKNOWN")},
      {"channel_name", "directmessage"},
      {"user_id", text_or(members, "user", "U0UNKNOWN")},
      {"user_name", "somebody"},
      {"command", text_or(members, "command", "/patchbay")},
      {"text", sdk::string_at(members, "text")},
      {"api_app_id", std::string(slack::kAppId)},
      {"is_enterprise_install", "false"},
      {"response_url", "https://hooks.slack.com/commands/" + number},
      {"trigger_id", number + ".1.sandbox"}};
  auto delivery = workspace_.send("slash_command", sdk::form_encode(fields), "application/x-www-form-urlencoded");
  return json::value(json::object{{"id", number + ".1.sandbox"}, {"deliveryId", std::move(delivery)}});
}

sdk::Result<json::value> SlackService::interact(const json::object& members) {
  const auto number = std::to_string(context_.store.next_number());
  json::object payload{{"type", text_or(members, "type", "block_actions")},
                       {"team", json::object{{"id", slack::kTeamId}, {"domain", "sandbox"}}},
                       {"user", json::object{{"id", text_or(members, "user", "U0UNKNOWN")}}},
                       {"api_app_id", slack::kAppId},
                       {"trigger_id", number + ".2.sandbox"},
                       {"response_url", "https://hooks.slack.com/actions/" + number},
                       {"actions", json::array{json::object{{"action_id", text_or(members, "action", "press")},
                                                            {"type", "button"},
                                                            {"value", sdk::string_at(members, "value")}}}}};
  auto delivery = workspace_.send("interaction", sdk::form_encode({{"payload", to_wire(payload)}}),
                                  "application/x-www-form-urlencoded");
  return json::value(json::object{{"id", number + ".2.sandbox"}, {"deliveryId", std::move(delivery)}});
}

sdk::Result<json::value> SlackService::create_record(const RecordKind& kind, const json::object& members) {
  if (kind.kind == "commands") return give_command(members);
  if (kind.kind == "interactions") return interact(members);
  if (kind.kind == "uninstalls") {
    oauth_.uninstall();
    return json::value(json::object{{"uninstalled", true}});
  }
  if (kind.kind == "users") {
    const auto id = text_or(members, "id", context_.new_id("U0S", 6));
    auto user = slack::make_user(id, text_or(members, "name", "Somebody"), sdk::string_at(members, "email"));
    return json::value(slack::shown(workspace_.put("users", id, context_.clock.now_milliseconds(), std::move(user))));
  }
  if (kind.kind == "channels") {
    const auto id = text_or(members, "id", context_.new_id("C0S", 6));
    auto channel = slack::make_channel(id, text_or(members, "name", "channel-" + id), workspace_.now_seconds());
    return json::value(
        slack::shown(workspace_.put("channels", id, context_.clock.now_milliseconds(), std::move(channel))));
  }
  if (kind.kind != "messages") return not_found("people make no " + kind.kind);
  const auto* channel = workspace_.find_channel(sdk::string_at(members, "channel"));
  if (channel == nullptr) return sdk::invalid_error("sandbox.record", "must be a channel", "channel");
  json::object message{{"user", text_or(members, "user", "U0OWNER")}, {"text", sdk::string_at(members, "text")}};
  for (const auto* name : {"thread_ts", "text", "subtype"}) {
    if (members.contains(name)) message[name] = members.at(name);
  }
  return shown_message(workspace_.post(sdk::string_at(*channel, "id"), std::move(message)));
}

/// Members of a message; `react` and `unreact` name an emoji, given by `user`.
sdk::Result<json::value> SlackService::change_message(const json::object& message, const json::object& members) {
  const auto channel = sdk::string_at(message, "_channel"), ts = sdk::string_at(message, "ts");
  for (const bool add : {true, false}) {
    const auto name = sdk::string_at(members, add ? "react" : "unreact");
    if (!name.empty()) workspace_.react(channel, ts, name, text_or(members, "user", "U0OWNER"), add);
  }
  if (members.contains("text")) {
    auto changed = *workspace_.find_message(channel, ts);
    changed["text"] = members.at("text");
    changed["edited"] = json::object{{"user", changed["user"]}, {"ts", workspace_.new_timestamp()}};
    workspace_.change(channel, std::move(changed));
  }
  return shown_message(*workspace_.find_message(channel, ts));
}

sdk::Result<json::value> SlackService::change_record(const RecordKind& kind, std::string_view id,
                                                     const json::object& members) {
  if (kind.kind != "messages" && kind.kind != "users" && kind.kind != "channels")
    return not_found("nobody changes " + kind.kind);
  const auto* record = workspace_.find(kind.kind, id);
  if (record == nullptr) return not_found("no such record");
  if (kind.kind == "messages") return change_message(record->value, members);
  auto changed = record->value;
  for (const auto& member : members) changed[member.key()] = member.value();
  if (kind.kind == "users" && members.contains("email")) {
    const auto email = sdk::string_at(members, "email");
    changed.erase("email");
    changed["profile"].as_object()["email"] = email;
    changed["_email"] = slack::make_user("", "", email)["_email"];
  }
  if (kind.kind == "channels" && members.contains("is_member")) changed["_member"] = members.at("is_member");
  return json::value(slack::shown(workspace_.put(kind.kind, std::string(id), record->created_ms, std::move(changed))));
}

sdk::Result<json::value> SlackService::remove_record(const RecordKind& kind, std::string_view id) {
  if (kind.kind != "messages") return not_found("nobody removes " + kind.kind);
  const auto* record = workspace_.find("messages", id);
  if (record == nullptr) return not_found("no such record");
  auto last = shown_message(record->value);
  const auto channel = sdk::string_at(record->value, "_channel"), ts = sdk::string_at(record->value, "ts");
  workspace_.remove(channel, ts);
  return last;
}

sdk::Result<json::value> SlackService::change_random_record(const RecordKind& kind, Random& random) {
  if (kind.kind != "messages") return not_found("only messages change by themselves");
  std::vector<std::string> ids;
  for (const auto* record : workspace_.table("messages").by_created()) {
    const auto* channel = workspace_.find_channel(sdk::string_at(record->value, "_channel"));
    if (channel != nullptr && channel->at("_member").as_bool() && !record->value.contains("subtype"))
      ids.emplace_back(record->id);
  }
  if (ids.empty()) return not_found("there is no message to change");
  return change_record(kind, random.pick(ids), {{"text", "Changed " + random.letters_and_digits(8)}});
}

void SlackService::add_hostile_records() {
  const auto channels = workspace_.table("channels").by_created();
  if (channels.empty()) return;
  const auto channel = std::string(channels.front()->id);
  for (const std::string_view text : {R"("nul \u0000 inside")", R"("lone \ud83d surrogate")",
                                      R"("rtl \u202e override")", R"("<!channel> &amp;lt;")"}) {
    workspace_.post(channel, {{"user", "U0OWNER"}, {"text", raw_fragment(text)}, {"strange", raw_fragment("1e400")}});
  }
}

}  // namespace patchbay::sandbox
