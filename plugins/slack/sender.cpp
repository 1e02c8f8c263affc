#include "sender.hpp"

#include "errors.hpp"

#include <algorithm>

namespace patchbay::slack {
namespace {

constexpr std::size_t kTextMax = 40'000;  // Slack cuts longer texts without saying so
constexpr std::size_t kBlocksMax = 50;
constexpr std::size_t kAttemptSlots = 16;
constexpr std::chrono::seconds kClockTolerance{120};  // between the hub's clock and Slack's
constexpr int kLookPagesMax = 5;

/// FNV-1a: the attempts of all connections' clients share a few slots of the durable state.
std::string slot_of(const std::string& key) {
  std::uint32_t hash = 2166136261U;
  for (const char character : key) hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
  return "sent." + std::to_string(hash % kAttemptSlots);
}

/// The text is in Slack's own notation already (mentions, links), not plain.
bool is_formatted(const sdk::OutgoingMessage& message) {
  const auto* formatted = message.options.if_contains("formatted");
  return formatted != nullptr && formatted->is_bool() && formatted->as_bool();
}

sdk::Result<void> check_message(const sdk::OutgoingMessage& message) {
  if (message.to.size() != 1)
    return sdk::invalid_error("slack.one_address", "a Slack message goes to one channel or person", "to");
  const auto* blocks = message.options.if_contains("blocks");
  if (blocks != nullptr && !blocks->is_null()) {
    if (!blocks->is_array() || blocks->as_array().size() > kBlocksMax)
      return sdk::invalid_error("slack.invalid_blocks", "blocks must be a list of at most 50", "options.blocks");
  }
  const bool has_blocks = blocks != nullptr && blocks->is_array() && !blocks->as_array().empty();
  if (message.text.empty() && !has_blocks && message.attachments.empty())
    return sdk::invalid_error("slack.no_text", "there is nothing to send", "text");
  const std::size_t size = is_formatted(message) ? message.text.size() : escaped_text(message.text).size();
  if (size > kTextMax)
    return sdk::invalid_error("slack.too_long", "a Slack message has at most 40,000 characters", "text");
  return {};
}

std::string key_in(const sdk::json::value& message) {
  if (sdk::string_at(message, "metadata.event_type") != kMetadataType) return {};
  return sdk::string_at(message, "metadata.event_payload.key");
}

/// The address was the problem, as far as the sender can do something about it.
sdk::Error refused(const sdk::Error& error) {
  if (!is_closed_channel(error) && error.error_class != sdk::ErrorClass::kNotFound) return error;
  return sdk::invalid_error(error.code, error.message, "to");
}

}  // namespace

sdk::Result<std::optional<Sender::Attempt>> Sender::find_attempt(const std::string& key) {
  if (key.empty()) return std::optional<Attempt>();
  PATCHBAY_ASSIGN(const auto stored, services_.state.get(slot_of(key)));
  if (!stored || sdk::string_at(*stored, "key") != key) return std::optional<Attempt>();
  const auto* finished = sdk::find_member(*stored, "finished");
  return std::optional<Attempt>(Attempt{key, sdk::string_at(*stored, "channel"), sdk::string_at(*stored, "began"),
                                        sdk::string_at(*stored, "ts"),
                                        finished != nullptr && finished->is_bool() && finished->as_bool()});
}

sdk::Result<void> Sender::remember(const Attempt& attempt) {
  if (attempt.key.empty()) return {};
  return services_.state.put(slot_of(attempt.key), sdk::json::object{{"key", attempt.key},
                                                                     {"channel", attempt.channel},
                                                                     {"began", attempt.began_ts},
                                                                     {"ts", attempt.ts},
                                                                     {"finished", attempt.finished}});
}

sdk::Result<std::string> Sender::root_of(const sdk::CallContext& context, const std::string& channel,
                                         const std::string& ts) {
  const auto answer =
      history_.read(context, "conversations.replies",
                    {{"channel", channel}, {"ts", ts}, {"oldest", ts}, {"latest", ts}, {"inclusive", "true"}}, "", 2);
  if (!answer.ok() && answer.error().error_class == sdk::ErrorClass::kNotFound)
    return sdk::invalid_error("slack.thread_not_found", "there is no such message to answer", "threadId");
  if (!answer.ok()) return answer.error();
  for (const auto& message : answer->at("messages").as_array()) {
    const std::string root = sdk::string_at(message, "thread_ts");
    if (sdk::string_at(message, "ts") == ts) return root.empty() ? ts : root;
  }
  return sdk::invalid_error("slack.thread_not_found", "there is no such message to answer", "threadId");
}

sdk::Result<std::optional<sdk::json::value>> Sender::look_for(const sdk::CallContext& context, const Attempt& attempt,
                                                              const std::string& thread_ts) {
  const bool thread = !thread_ts.empty();
  Arguments arguments{{"channel", attempt.channel}, {"oldest", attempt.began_ts}};
  if (thread) arguments.emplace_back("ts", thread_ts);
  std::string cursor;
  for (int page = 0; page < kLookPagesMax; ++page) {
    PATCHBAY_ASSIGN(auto answer, history_.read(context, thread ? "conversations.replies" : "conversations.history",
                                               arguments, cursor, 200));
    for (auto& message : answer.at("messages").as_array()) {
      if (key_in(message) == attempt.key) return std::optional<sdk::json::value>(std::move(message));
    }
    cursor = sdk::string_at(answer, "response_metadata.next_cursor");
    if (cursor.empty()) break;
  }
  return std::optional<sdk::json::value>();
}

/// Posts, and where it is not known whether that took effect finds out.
sdk::Result<sdk::json::value> Sender::post(const sdk::CallContext& context, const sdk::OutgoingMessage& message,
                                           Attempt& attempt, const std::string& thread_ts) {
  Arguments arguments{{"channel", attempt.channel}};
  if (!message.text.empty())
    arguments.emplace_back("text", is_formatted(message) ? message.text : escaped_text(message.text));
  for (const char* name : {"blocks", "unfurl_links", "unfurl_media", "mrkdwn", "reply_broadcast"}) {
    const auto* value = message.options.if_contains(name);
    if (value != nullptr && !value->is_null()) arguments.emplace_back(name, sdk::json::serialize(*value));
  }
  if (!thread_ts.empty()) arguments.emplace_back("thread_ts", thread_ts);
  if (!attempt.key.empty()) {
    const sdk::json::object metadata{{"event_type", kMetadataType},
                                     {"event_payload", sdk::json::object{{"key", attempt.key}}}};
    arguments.emplace_back("metadata", sdk::json::serialize(metadata));
  }
  auto answer = api_.call(context, "chat.postMessage", arguments, false);
  if (answer.ok()) {
    const auto* shown = sdk::find_member(*answer, "message");
    sdk::json::object posted = shown != nullptr && shown->is_object() ? shown->as_object() : sdk::json::object();
    posted["ts"] = sdk::string_at(*answer, "ts");
    return sdk::json::value(std::move(posted));
  }
  if (!is_ambiguous(answer.error()) || attempt.key.empty()) return refused(answer.error());
  const auto found = look_for(context, attempt, thread_ts);
  if (found.ok() && *found) return std::move(**found);
  return answer.error();  // the next try with this key looks again before it posts
}

sdk::Result<void> Sender::share_files(const sdk::CallContext& context, const sdk::OutgoingMessage& message,
                                      const Attempt& attempt, const std::string& thread_ts) {
  std::vector<UploadedFile> files;
  for (const auto& attachment : message.attachments) {
    PATCHBAY_ASSIGN(auto file, files_.upload(context, attachment.name, attachment.name, attachment.content));
    files.push_back(std::move(file));
  }
  PATCHBAY_TRY(files_.share(context, files, attempt.channel, thread_ts.empty() ? attempt.ts : thread_ts, ""));
  return {};
}

sdk::Result<sdk::SentMessage> Sender::send(const sdk::CallContext& context, const sdk::OutgoingMessage& message,
                                           const Self& self) {
  PATCHBAY_TRY(check_message(message));
  PATCHBAY_ASSIGN(const auto before, find_attempt(message.idempotency_key));
  Attempt attempt = before.value_or(Attempt{message.idempotency_key, "", "", "", false});
  if (attempt.channel.empty()) {
    PATCHBAY_ASSIGN(attempt.channel, directory_.get_conversation(context, message.to.front()));
  }
  const MessageId thread = split_message_id(message.thread_id);
  std::string thread_ts = thread.ts.empty() ? thread.channel : thread.ts;
  if (!thread_ts.empty()) {
    PATCHBAY_ASSIGN(thread_ts, root_of(context, attempt.channel, thread_ts));
  }
  sdk::json::value posted;
  if (before) {
    PATCHBAY_ASSIGN(auto found, look_for(context, attempt, thread_ts));
    if (found) posted = std::move(*found);
  }
  if (posted.is_null()) {
    attempt.began_ts = timestamp_of(services_.clock.now() - kClockTolerance);
    PATCHBAY_TRY(remember(attempt));
    sdk::OutgoingMessage shown = message;
    if (shown.text.empty() && !shown.options.contains("blocks")) shown.text = message.attachments.front().name;
    PATCHBAY_ASSIGN(posted, post(context, shown, attempt, thread_ts));
  }
  attempt.ts = sdk::string_at(posted, "ts");
  if (!message.attachments.empty() && !attempt.finished) {
    PATCHBAY_TRY(remember(attempt));
    PATCHBAY_TRY(share_files(context, message, attempt, thread_ts));
  }
  attempt.finished = true;
  PATCHBAY_TRY(remember(attempt));
  auto record = make_message_record(std::move(posted), attempt.channel, self, services_.clock.now());
  sdk::SentMessage sent{record.external_id, sdk::string_at(record.data, "patchbay.thread"), std::nullopt};
  sent.record = std::move(record);
  return sent;
}

}  // namespace patchbay::slack
