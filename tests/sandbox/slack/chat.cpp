#include "tests/sandbox/slack/methods.hpp"

namespace patchbay::sandbox::slack {
namespace {

constexpr std::size_t kTextMax = 40'000;
constexpr std::size_t kUpdatedTextMax = 4'000;
constexpr std::size_t kBlocksMax = 50;

/// Blocks, attachments and metadata into the message; the error where they are none.
std::string take_documents(const Arguments& arguments, json::object& message) {
  if (arguments.has("blocks")) {
    auto blocks = arguments.document("blocks");
    if (!blocks || !blocks->is_array()) return "invalid_blocks_format";
    if (blocks->get_array().size() > kBlocksMax) return "invalid_blocks";
    for (const auto& block : blocks->get_array()) {
      if (sdk::string_at(block, "type").empty()) return "invalid_blocks";
    }
    message["blocks"] = std::move(*blocks);
  }
  if (arguments.has("metadata")) {
    auto metadata = arguments.document("metadata");
    const auto* payload = metadata ? sdk::find_member(*metadata, "event_payload") : nullptr;
    if (payload == nullptr || !payload->is_object() || sdk::string_at(*metadata, "event_type").empty())
      return "invalid_metadata_format";
    message["metadata"] = std::move(*metadata);
  }
  return {};
}

json::object bot_message(const std::string& text) {
  return {{"text", text},
          {"user", kBotUserId},
          {"bot_id", kBotId},
          {"app_id", kAppId},
          {"bot_profile", json::object{{"id", kBotId}, {"app_id", kAppId}, {"name", "patchbay"}}}};
}

/// The message of `ts` or `timestamp`; null with the error.
const json::object* named_message(MethodCall& call, std::string_view argument, std::string& error) {
  const auto* channel = usable_channel(call, "channel", true, error);
  if (channel == nullptr) return nullptr;
  const auto* message = call.workspace.find_message(sdk::string_at(*channel, "id"), call.arguments.text(argument));
  if (message == nullptr || sdk::string_at(*message, "subtype") == "tombstone") error = "message_not_found";
  return error.empty() ? message : nullptr;
}

http::Response react(MethodCall& call, bool add) {
  std::string error;
  const auto name = call.arguments.text("name");
  if (name.empty() || name.find(':') != std::string::npos) return refusal("invalid_name");
  const auto* message = named_message(call, "timestamp", error);
  if (message == nullptr) return refusal(error);
  const auto channel = sdk::string_at(*message, "_channel");
  if (!call.workspace.react(channel, call.arguments.text("timestamp"), name, std::string(kBotUserId), add))
    return refusal(add ? "already_reacted" : "no_reaction");
  return answer({});
}

}  // namespace

http::Response post_message(MethodCall& call) {
  auto& workspace = call.workspace;
  std::string error;
  const auto* channel = usable_channel(call, "channel", false, error);
  if (channel == nullptr) return refusal(error);
  if (channel->at("is_archived").as_bool()) return refusal("is_archived");
  auto text = call.arguments.text("text");
  if (text.empty() && !call.arguments.has("blocks") && !call.arguments.has("attachments")) return refusal("no_text");
  json::object more;
  if (text.size() > kTextMax) {
    text.resize(kTextMax);
    more["warning"] = "message_truncated";
  }
  auto message = bot_message(text);
  if (auto wrong = take_documents(call.arguments, message); !wrong.empty()) return refusal(wrong);
  const auto id = sdk::string_at(*channel, "id");
  // A thread that hangs on an answer is nobody's: Slack takes it, and it shows nowhere.
  if (const auto thread = call.arguments.text("thread_ts"); !thread.empty()) {
    if (workspace.find_message(id, thread) == nullptr) return refusal("thread_not_found");
    message["thread_ts"] = thread;
    if (call.arguments.flag("reply_broadcast")) message["subtype"] = "thread_broadcast";
  }
  const auto& kept = workspace.post(id, std::move(message));
  more["channel"] = id;
  more["ts"] = kept.at("ts");
  more["message"] = shown(kept);
  return answer(std::move(more));
}

http::Response update_message(MethodCall& call) {
  std::string error;
  const auto* message = named_message(call, "ts", error);
  if (message == nullptr) return refusal(error);
  if (sdk::string_at(*message, "bot_id") != kBotId) return refusal("cant_update_message");
  const auto text = call.arguments.text("text");
  if (text.empty() && !call.arguments.has("blocks")) return refusal("no_text");
  if (text.size() > kUpdatedTextMax) return refusal("msg_too_long");
  auto changed = *message;
  if (auto wrong = take_documents(call.arguments, changed); !wrong.empty()) return refusal(wrong);
  if (call.arguments.has("text")) changed["text"] = text;
  changed["edited"] = json::object{{"user", kBotUserId}, {"ts", call.workspace.new_timestamp()}};
  const auto channel = sdk::string_at(changed, "_channel");
  const auto& kept = call.workspace.change(channel, std::move(changed));
  return answer({{"channel", channel}, {"ts", kept.at("ts")}, {"text", kept.at("text")}, {"message", shown(kept)}});
}

http::Response delete_message(MethodCall& call) {
  std::string error;
  const auto* message = named_message(call, "ts", error);
  if (message == nullptr) return refusal(error);
  if (sdk::string_at(*message, "bot_id") != kBotId) return refusal("cant_delete_message");
  const auto channel = sdk::string_at(*message, "_channel");
  const auto ts = sdk::string_at(*message, "ts");
  call.workspace.remove(channel, ts);
  return answer({{"channel", channel}, {"ts", ts}});
}

http::Response add_reaction(MethodCall& call) {
  return react(call, true);
}

http::Response remove_reaction(MethodCall& call) {
  return react(call, false);
}

http::Response get_reactions(MethodCall& call) {
  std::string error;
  const auto* message = named_message(call, "timestamp", error);
  if (message == nullptr) return refusal(error);
  return answer({{"type", "message"}, {"channel", sdk::string_at(*message, "_channel")}, {"message", shown(*message)}});
}

}  // namespace patchbay::sandbox::slack
