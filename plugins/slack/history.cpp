#include "history.hpp"

#include "errors.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::slack {
namespace {

constexpr std::uint32_t kHistoryPageMax = 100;  // its threads must fit into a page cursor
constexpr std::uint32_t kRepliesPageMax = 200;
constexpr std::size_t kClosedMax = 50;
constexpr std::chrono::minutes kRefusalRemembered{1};

sdk::json::object object_of(const std::string& text) {
  const auto parsed = sdk::parse_json(text, {1024 * 1024, 8});
  return parsed.ok() && parsed->is_object() ? parsed->as_object() : sdk::json::object();
}

std::vector<std::string> texts_at(const sdk::json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto* list = object.if_contains(name);
  if (list == nullptr || !list->is_array()) return texts;
  for (const auto& item : list->as_array()) {
    if (item.is_string()) texts.emplace_back(item.as_string());
  }
  return texts;
}

sdk::json::array list_of(const std::vector<std::string>& texts) {
  return sdk::json::array(texts.begin(), texts.end());
}

/// FNV-1a over the channels that a run has behind it: whether the list it resumes with is the one it began with.
std::uint64_t digest_of(const std::vector<std::string>& ids, std::string_view before) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const std::string& id : ids) {
    if (id >= before) break;
    for (const char character : id + "/") hash = (hash ^ static_cast<unsigned char>(character)) * 1099511628211ULL;
  }
  return hash;
}

std::string next_cursor_of(const sdk::json::value& answer) {
  return sdk::string_at(answer, "response_metadata.next_cursor");
}

sdk::json::array* messages_of(sdk::json::value& answer) {
  auto* messages = answer.is_object() ? answer.as_object().if_contains("messages") : nullptr;
  return messages == nullptr ? nullptr : messages->if_array();
}

/// A message that others answered, and that is the thread's first.
bool leads_thread(const sdk::json::value& message) {
  const auto* count = sdk::find_member(message, "reply_count");
  return count != nullptr && count->is_number() && count->to_number<double>() > 0 &&
         sdk::string_at(message, "thread_ts") == sdk::string_at(message, "ts");
}

}  // namespace

/// Where a run stands. As text it is the page cursor.
struct History::Position {
  std::string began_at;               // the checkpoint's time: before the first request of the run
  std::vector<std::string> channels;  // of this run; not part of the text
  std::string channel, cursor;
  std::vector<std::string> threads;  // of the page read last, still to be read
  std::string thread_cursor;
  std::vector<std::string> closed;  // channels that turned out to be unreadable

  static Position parse(const sdk::json::object& text) {
    Position position;
    position.began_at = sdk::string_at(text, "at");
    position.channel = sdk::string_at(text, "channel");
    position.cursor = sdk::string_at(text, "cursor");
    position.threads = texts_at(text, "threads");
    position.thread_cursor = sdk::string_at(text, "thread");
    position.closed = texts_at(text, "closed");
    return position;
  }

  std::string text() const {
    sdk::json::object object{{"at", began_at},
                             {"channel", channel},
                             {"behind", std::to_string(digest_of(channels, channel))},
                             {"cursor", cursor}};
    if (!threads.empty()) object["threads"] = list_of(threads);
    if (!thread_cursor.empty()) object["thread"] = thread_cursor;
    if (!closed.empty()) object["closed"] = list_of(closed);
    return sdk::json::serialize(object);
  }

  void next_channel() {
    const auto next = std::upper_bound(channels.begin(), channels.end(), channel);
    channel = next == channels.end() ? std::string() : *next;
    cursor.clear();
    threads.clear();
    thread_cursor.clear();
  }

  std::string checkpoint() const {
    std::vector<std::string> read;
    for (const std::string& id : channels) {
      if (std::find(closed.begin(), closed.end(), id) == closed.end()) read.push_back(id);
    }
    return sdk::json::serialize(sdk::json::object{{"at", began_at}, {"channels", list_of(read)}});
  }
};

struct History::Walk {
  const sdk::CallContext& context;
  const sdk::ListRequest& request;
  const Self& self;
  Position at;
  sdk::SystemTime read_at;  // before the request: what Slack shows is at least of then
  std::string since;
  sdk::Page page;
};

sdk::Result<History::Position> History::open(const sdk::CallContext& context, const sdk::ListRequest& request) {
  const sdk::json::object text = object_of(request.page_cursor);
  const auto began = services_.clock.now();
  PATCHBAY_ASSIGN(auto channels, directory_.readable_channels(context, text.empty()));
  if (!text.empty()) {
    Position position = Position::parse(text);
    const bool same = sdk::string_at(text, "behind") == std::to_string(digest_of(channels, position.channel));
    const bool there = std::binary_search(channels.begin(), channels.end(), position.channel);
    position.channels = channels;
    if (same && there) return position;
    services_.logger.log(sdk::LogLevel::kInfo, "the app's channels have changed; the run starts with the first again");
  }
  Position position;
  position.began_at = sdk::format_time(began);
  position.channels = std::move(channels);
  if (!position.channels.empty()) position.channel = position.channels.front();
  return position;
}

std::string History::since_of(const sdk::ListRequest& request, const std::string& channel) const {
  if (request.mode == sdk::SyncMode::kFull) return {};
  const sdk::json::object checkpoint = object_of(request.checkpoint);
  const auto at = sdk::parse_time(sdk::string_at(checkpoint, "at"));
  const auto known = texts_at(checkpoint, "channels");
  // A channel that the last run did not read is read from its beginning.
  if (!at.ok() || std::find(known.begin(), known.end(), channel) == known.end()) return {};
  return timestamp_of(*at - reread_);
}

sdk::Result<sdk::json::value> History::read(const sdk::CallContext& context, const std::string& method,
                                            Arguments arguments, const std::string& cursor, std::uint32_t limit) {
  arguments.emplace_back("limit", std::to_string(limit));
  arguments.emplace_back("include_all_metadata", "true");
  if (!cursor.empty()) arguments.emplace_back("cursor", cursor);
  PATCHBAY_ASSIGN(auto answer, api_.call(context, method, arguments));
  if (messages_of(answer) == nullptr)
    return sdk::transient_error("slack.unreadable", "Slack's answer to " + method + " has no messages");
  return answer;
}

void History::collect(Walk& walk, sdk::json::value& answer) {
  for (auto& message : *messages_of(answer)) {
    auto record = make_message_record(std::move(message), walk.at.channel, walk.self, walk.read_at);
    if (record.external_id.empty()) {
      walk.page.problems.push_back({"", "Slack sent a message without a time stamp in " + walk.at.channel});
      continue;
    }
    walk.page.records.push_back(std::move(record));
  }
}

sdk::Result<void> History::read_history(Walk& walk) {
  Arguments arguments{{"channel", walk.at.channel}};
  if (!walk.since.empty()) arguments.emplace_back("oldest", walk.since);
  const auto limit = std::min(std::max<std::uint32_t>(walk.request.page_size, 1), kHistoryPageMax);
  auto answer = read(walk.context, "conversations.history", arguments, walk.at.cursor, limit);
  if (!answer.ok() && answer.error().code == kInvalidCursor && !walk.at.cursor.empty()) {
    walk.at.cursor.clear();  // a cursor that has aged: the channel begins anew
    answer = read(walk.context, "conversations.history", arguments, "", limit);
  }
  if (!answer.ok() && is_closed_channel(answer.error()) && walk.at.closed.size() < kClosedMax) {
    services_.logger.log(sdk::LogLevel::kWarning, "a channel cannot be read any more",
                         {{"channel", walk.at.channel}, {"reason", answer.error().code}});
    walk.at.closed.push_back(walk.at.channel);
    walk.at.next_channel();
    return {};
  }
  if (!answer.ok()) return std::move(answer).error();
  for (const auto& message : *messages_of(*answer)) {
    if (!leads_thread(message)) continue;
    const std::string latest = sdk::string_at(message, "latest_reply");
    if (walk.since.empty() || latest.empty() || is_earlier(walk.since, latest))
      walk.at.threads.push_back(sdk::string_at(message, "ts"));
  }
  walk.at.cursor = next_cursor_of(*answer);
  collect(walk, *answer);
  return {};
}

sdk::Result<void> History::read_thread(Walk& walk) {
  Arguments arguments{{"channel", walk.at.channel}, {"ts", walk.at.threads.front()}};
  if (!walk.since.empty()) arguments.emplace_back("oldest", walk.since);
  auto answer = read(walk.context, "conversations.replies", arguments, walk.at.thread_cursor, kRepliesPageMax);
  if (!answer.ok() && answer.error().code == kInvalidCursor && !walk.at.thread_cursor.empty())
    answer = read(walk.context, "conversations.replies", arguments, "", kRepliesPageMax);
  const bool gone = !answer.ok() && answer.error().error_class == sdk::ErrorClass::kNotFound;
  if (!answer.ok() && !gone) return std::move(answer).error();
  walk.at.thread_cursor = gone ? std::string() : next_cursor_of(*answer);
  if (!gone) {
    // The history has brought the thread's first message already.
    auto& messages = *messages_of(*answer);
    const std::string& root = walk.at.threads.front();
    for (auto message = messages.begin(); message != messages.end();)
      message = sdk::string_at(*message, "ts") == root ? messages.erase(message) : std::next(message);
    collect(walk, *answer);
  }
  if (walk.at.thread_cursor.empty()) walk.at.threads.erase(walk.at.threads.begin());
  return {};
}

sdk::Result<sdk::Page> History::page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                     const Self& self) {
  PATCHBAY_ASSIGN(Position position, open(context, request));
  Walk walk{context, request, self, std::move(position), services_.clock.now(), {}, {}};
  if (!walk.at.channel.empty()) {
    walk.since = since_of(request, walk.at.channel);
    const std::string channel = walk.at.channel;
    PATCHBAY_TRY(walk.at.threads.empty() ? read_history(walk) : read_thread(walk));
    if (walk.at.channel == channel && walk.at.threads.empty() && walk.at.cursor.empty()) walk.at.next_channel();
  }
  if (walk.at.channel.empty()) {
    walk.page.checkpoint = walk.at.checkpoint();
  } else {
    walk.page.next_cursor = walk.at.text();
  }
  return std::move(walk.page);
}

std::optional<sdk::Error> History::find_refusal(const std::string& channel) const {
  const auto known = refusals_.find(channel);
  if (known == refusals_.end() || known->second.second < services_.clock.now()) return std::nullopt;
  return known->second.first;
}

sdk::Result<sdk::Record> History::get(const sdk::CallContext& context, const std::string& external_id,
                                      const Self& self) {
  const auto [channel, ts] = split_message_id(external_id);
  if (const auto refusal = find_refusal(channel)) return *refusal;
  const auto read_at = services_.clock.now();
  // The history holds everything but answers in threads; those are asked for second.
  for (const char* method : {"conversations.history", "conversations.replies"}) {
    const bool thread = std::string_view(method) == "conversations.replies";
    Arguments arguments{{"channel", channel}, {"latest", ts}, {"inclusive", "true"}};
    if (thread) arguments = {{"channel", channel}, {"ts", ts}, {"oldest", ts}, {"latest", ts}, {"inclusive", "true"}};
    auto answer = read(context, method, arguments, "", thread ? 2 : 1);
    if (!answer.ok() && thread && answer.error().error_class == sdk::ErrorClass::kNotFound) break;
    if (!answer.ok() && is_closed_channel(answer.error()))
      refusals_.insert_or_assign(channel, std::pair(answer.error(), read_at + kRefusalRemembered));
    if (!answer.ok()) return std::move(answer).error();
    for (auto& message : *messages_of(*answer)) {
      if (sdk::string_at(message, "ts") == ts && !ts.empty())
        return make_message_record(std::move(message), channel, self, read_at);
    }
  }
  return sdk::not_found_error("slack.message_not_found", "Slack shows no message " + external_id);
}

}  // namespace patchbay::slack
