#include "message.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace patchbay::slack {
namespace {

constexpr std::size_t kFractionDigits = 6;
constexpr std::size_t kSecondDigitsMax = 11;

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_own(const sdk::json::value& message, const Self& self) {
  const auto equals = [&](std::string_view path, const std::string& id) {
    return !id.empty() && sdk::string_at(message, path) == id;
  };
  return equals("app_id", self.app_id) || equals("bot_profile.app_id", self.app_id) || equals("bot_id", self.bot_id) ||
         equals("user", self.user_id);
}

/// [{name, count, users}], without what else a reaction holds.
sdk::json::array reactions_of(const sdk::json::value& message) {
  sdk::json::array reactions;
  const auto* given = sdk::find_member(message, "reactions");
  if (given == nullptr || !given->is_array()) return reactions;
  for (const auto& reaction : given->as_array()) {
    if (!reaction.is_object()) continue;
    sdk::json::object kept;
    for (const char* name : {"name", "count", "users"}) {
      if (const auto* value = sdk::find_member(reaction, name)) kept[name] = *value;
    }
    reactions.emplace_back(std::move(kept));
  }
  return reactions;
}

}  // namespace

bool is_timestamp(std::string_view text) {
  const auto dot = text.find('.');
  return dot != std::string_view::npos && dot <= kSecondDigitsMax && text.size() - dot - 1 == kFractionDigits &&
         all_digits(text.substr(0, dot)) && all_digits(text.substr(dot + 1));
}

std::optional<sdk::SystemTime> time_of(std::string_view ts) {
  if (!is_timestamp(ts)) return std::nullopt;
  const auto dot = ts.find('.');
  std::int64_t seconds = 0, microseconds = 0;
  std::from_chars(ts.data(), ts.data() + dot, seconds);
  std::from_chars(ts.data() + dot + 1, ts.data() + ts.size(), microseconds);
  // A time after the year 2262 does not fit into the clock and is nobody's message.
  if (seconds > 9'000'000'000) return std::nullopt;
  return sdk::SystemTime(std::chrono::seconds(seconds) + std::chrono::microseconds(microseconds));
}

std::string timestamp_of(sdk::SystemTime time) {
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  const auto since = std::max<std::int64_t>(whole, 0);
  std::string fraction = std::to_string(since % 1'000'000);
  fraction.insert(0, kFractionDigits - fraction.size(), '0');
  return std::to_string(since / 1'000'000) + "." + fraction;
}

bool is_earlier(std::string_view left, std::string_view right) {
  const auto whole = [](std::string_view ts) { return std::min(ts.find('.'), ts.size()); };
  if (whole(left) != whole(right)) return whole(left) < whole(right);
  return left < right;
}

std::string make_message_id(const std::string& channel, const std::string& ts) {
  return channel + ":" + ts;
}

MessageId split_message_id(const std::string& external_id) {
  const auto colon = external_id.find(':');
  if (colon == std::string::npos) return {external_id, ""};
  return {external_id.substr(0, colon), external_id.substr(colon + 1)};
}

std::string plain_text(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 3> kEscapes{
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}}};
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    const auto* escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                      [&](const auto& known) { return text.starts_with(known.first); });
    plain += escape == kEscapes.end() ? text.front() : escape->second;
    text.remove_prefix(escape == kEscapes.end() ? 1 : escape->first.size());
  }
  return plain;
}

std::string escaped_text(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char character : text) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

sdk::Record make_message_record(sdk::json::value message, const std::string& channel, const Self& self,
                                std::optional<sdk::SystemTime> read_at) {
  sdk::Record record;
  record.resource = "messages";
  record.updated_at = read_at;
  if (!message.is_object()) return record;
  const std::string ts = sdk::string_at(message, "ts");
  if (channel.empty() || !is_timestamp(ts)) return record;  // without an id: the caller reports it
  record.external_id = make_message_id(channel, ts);
  // What is left of a deleted message that has answers.
  record.deleted = sdk::string_at(message, "subtype") == "tombstone";
  const std::string thread = sdk::string_at(message, "thread_ts");
  const bool own = is_own(message, self);
  std::string from = sdk::string_at(message, "user");
  if (from.empty()) from = sdk::string_at(message, "bot_id");
  sdk::json::object told{{"direction", own ? "outbound" : "inbound"},
                         {"status", own ? "sent" : "received"},
                         {"from", from},
                         {"thread", make_message_id(channel, is_timestamp(thread) ? thread : ts)},
                         {"text", plain_text(sdk::string_at(message, "text"))},
                         {"reactions", reactions_of(message)}};
  if (const auto said = time_of(ts)) told["sentAt"] = sdk::format_time(*said);
  if (sdk::find_member(message, "edited") != nullptr) told["serviceStatus"] = "edited";
  auto& object = message.as_object();
  object["channel"] = channel;
  object["patchbay"] = std::move(told);
  record.data = std::move(message);
  return record;
}

}  // namespace patchbay::slack
