#include "operations.hpp"

#include "errors.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::slack {
namespace {

constexpr std::uint32_t kMessagesDefault = 50;
constexpr std::uint32_t kMessagesMax = 200;

using sdk::OptionKind;

sdk::OptionDescription channel_argument() {
  return {"channel", OptionKind::kString, "", "Id or #name of the channel", {}};
}

sdk::OptionDescription message_argument() {
  return {"ts", OptionKind::kString, "", "Time stamp of the message: 1503435956.000247", {}};
}

std::string text_of(const sdk::json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value == nullptr ? std::string() : sdk::scalar_text(*value).value_or("");
}

sdk::Result<std::string> get_timestamp(const sdk::json::object& arguments, const char* name) {
  std::string ts = text_of(arguments, name);
  if (!is_timestamp(ts))
    return sdk::invalid_error("slack.bad_timestamp", "a time stamp looks like 1503435956.000247", name);
  return ts;
}

std::uint32_t limit_of(const sdk::json::object& arguments) {
  const std::string text = text_of(arguments, "limit");
  std::uint32_t limit = kMessagesDefault;
  std::from_chars(text.data(), text.data() + text.size(), limit);
  return std::clamp<std::uint32_t>(limit, 1, kMessagesMax);
}

}  // namespace

std::vector<sdk::OperationDescription> Operations::describe() {
  const sdk::OptionDescription limit{"limit", OptionKind::kInteger, "50", "Messages at most, 1 to 200", {}};
  const sdk::OptionDescription name{"name", OptionKind::kString, "", "Name of the emoji, without colons", {}};
  const sdk::OptionDescription text{"text", OptionKind::kString, "", "The new text", {}};
  return {
      {"history",
       "Last messages of a channel, the oldest first",
       {channel_argument(), limit, {"before", OptionKind::kString, "", "Only messages before this time stamp", {}}}},
      {"thread",
       "Messages of a thread, the oldest first",
       {channel_argument(), {"threadTs", OptionKind::kString, "", "Time stamp of a message in the thread", {}}, limit}},
      {"upload_file",
       "Upload a file and share it in a channel",
       {channel_argument(),
        {"name", OptionKind::kString, "", "File name", {}},
        {"content", OptionKind::kString, "", "The bytes in base64", {}},
        {"title", OptionKind::kString, "", "Shown in place of the name", {}},
        {"comment", OptionKind::kString, "", "Text that goes with it", {}},
        {"threadTs", OptionKind::kString, "", "Time stamp of a message whose thread it goes to", {}}}},
      {"add_reaction", "React to a message", {channel_argument(), message_argument(), name}},
      {"remove_reaction", "Take a reaction back", {channel_argument(), message_argument(), name}},
      {"update_message", "Change the text of a message of this app", {channel_argument(), message_argument(), text}},
      {"delete_message", "Delete a message of this app", {channel_argument(), message_argument()}},
      {"join_channel", "Let the app join a public channel", {channel_argument()}}};
}

bool Operations::knows(std::string_view name) {
  const auto described = describe();
  return std::any_of(described.begin(), described.end(), [&](const auto& operation) { return operation.name == name; });
}

sdk::Result<sdk::json::value> Operations::messages(const sdk::CallContext& context, const std::string& channel,
                                                   const sdk::json::object& arguments, const std::string& thread,
                                                   const Self& self) {
  Arguments query{{"channel", channel}};
  if (!thread.empty()) query.emplace_back("ts", thread);
  if (arguments.contains("before") && thread.empty()) {
    PATCHBAY_ASSIGN(const std::string before, get_timestamp(arguments, "before"));
    query.emplace_back("latest", before);
  }
  PATCHBAY_ASSIGN(auto answer,
                  history_.read(context, thread.empty() ? "conversations.history" : "conversations.replies", query, "",
                                limit_of(arguments)));
  sdk::json::array list;
  for (auto& message : answer.as_object()["messages"].as_array())
    list.push_back(make_message_record(std::move(message), channel, self, std::nullopt).data);
  // A channel is told newest first, a thread oldest first.
  if (thread.empty()) std::reverse(list.begin(), list.end());
  const auto* more = sdk::find_member(answer, "has_more");
  return sdk::json::value(
      sdk::json::object{{"messages", std::move(list)}, {"hasMore", more != nullptr && *more == true}});
}

sdk::Result<sdk::json::value> Operations::upload(const sdk::CallContext& context, const std::string& channel,
                                                 const sdk::json::object& arguments) {
  auto bytes = sdk::base64_decode(text_of(arguments, "content"));
  if (!bytes.ok()) return sdk::invalid_error("slack.bad_content", "'content' must be base64", "content");
  std::string thread;
  if (const std::string ts = text_of(arguments, "threadTs"); !ts.empty()) {
    PATCHBAY_ASSIGN(thread, get_timestamp(arguments, "threadTs"));
    PATCHBAY_ASSIGN(thread, sender_.root_of(context, channel, thread));
  }
  PATCHBAY_ASSIGN(const auto file,
                  files_.upload(context, text_of(arguments, "name"), text_of(arguments, "title"), *bytes));
  PATCHBAY_ASSIGN(const auto answer, files_.share(context, {file}, channel, thread, text_of(arguments, "comment")));
  const auto* shared = sdk::find_path(answer, "files[0]");
  return sdk::json::value(
      sdk::json::object{{"fileId", file.id}, {"file", shared == nullptr ? sdk::json::value() : *shared}});
}

sdk::Result<sdk::json::value> Operations::react(const sdk::CallContext& context, const std::string& channel,
                                                const sdk::json::object& arguments, bool add) {
  PATCHBAY_ASSIGN(const std::string ts, get_timestamp(arguments, "ts"));
  std::string name = text_of(arguments, "name");
  std::erase(name, ':');
  if (name.empty()) return sdk::invalid_error("slack.no_reaction_name", "a reaction needs a name", "name");
  const auto done = api_.call(context, add ? "reactions.add" : "reactions.remove",
                              {{"channel", channel}, {"timestamp", ts}, {"name", name}});
  const char* same = add ? "slack.already_reacted" : "slack.no_reaction";
  if (!done.ok() && done.error().code != same) return done.error();
  return sdk::json::value(sdk::json::object{{"reacted", add}});
}

sdk::Result<sdk::json::value> Operations::change(const sdk::CallContext& context, const std::string& channel,
                                                 const sdk::json::object& arguments, bool remove) {
  PATCHBAY_ASSIGN(const std::string ts, get_timestamp(arguments, "ts"));
  Arguments query{{"channel", channel}, {"ts", ts}};
  if (!remove) query.emplace_back("text", escaped_text(text_of(arguments, "text")));
  const auto done = api_.call(context, remove ? "chat.delete" : "chat.update", query);
  // Deleting what is gone is a success.
  const bool gone = remove && !done.ok() && done.error().code == "slack.message_not_found";
  if (!done.ok() && !gone) return done.error();
  return sdk::json::value(sdk::json::object{{"ts", ts}});
}

sdk::Result<sdk::json::value> Operations::run(const sdk::CallContext& context, const std::string& name,
                                              const sdk::json::object& arguments, const Self& self) {
  PATCHBAY_ASSIGN(const std::string channel, directory_.get_conversation(context, text_of(arguments, "channel")));
  if (name == "history") return messages(context, channel, arguments, "", self);
  if (name == "thread") {
    PATCHBAY_ASSIGN(std::string ts, get_timestamp(arguments, "threadTs"));
    PATCHBAY_ASSIGN(ts, sender_.root_of(context, channel, ts));
    return messages(context, channel, arguments, ts, self);
  }
  if (name == "upload_file") return upload(context, channel, arguments);
  if (name == "add_reaction" || name == "remove_reaction")
    return react(context, channel, arguments, name == "add_reaction");
  if (name == "update_message" || name == "delete_message")
    return change(context, channel, arguments, name == "delete_message");
  PATCHBAY_TRY(api_.call(context, "conversations.join", {{"channel", channel}}));
  return sdk::json::value(sdk::json::object{{"channel", channel}});
}

}  // namespace patchbay::slack
