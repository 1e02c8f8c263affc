// What a Gmail message says, out of its headers and parts.
#include "gmail.hpp"
#include "mime.hpp"

#include <charconv>

namespace patchbay::google {
namespace {

constexpr int kDepthMax = 20;
constexpr std::size_t kTextMax = 256 * 1024;

/// A header's decoded value; names compare without regard to case.
std::string header(const sdk::json::value& message, std::string_view name) {
  for (const auto& item : items_at(
           sdk::find_member(message, "payload") == nullptr ? sdk::json::value() : *sdk::find_member(message, "payload"),
           "headers")) {
    if (sdk::equals_ignoring_case(sdk::string_at(item, "name"), name))
      return decode_words(sdk::string_at(item, "value"));
  }
  return {};
}

bool has_label(const sdk::json::value& message, std::string_view label) {
  for (const auto& item : items_at(message, "labelIds")) {
    if (item.is_string() && std::string_view(item.as_string()) == label) return true;
  }
  return false;
}

struct Content {
  std::string text, html;
  sdk::json::array attachments;
};

/// Text of a part: base64url, possibly without padding; bytes that are no UTF-8 leave it out.
std::string decoded_body(const sdk::json::value& part) {
  const auto bytes = sdk::base64_decode(sdk::string_at(part, "body.data"));
  if (!bytes.ok() || bytes->size() > kTextMax || !sdk::is_clean_utf8(*bytes)) return {};
  return *bytes;
}

void read_part(const sdk::json::value& part, int depth, Content& content) {
  if (depth > kDepthMax) return;
  const std::string type = sdk::string_at(part, "mimeType");
  const std::string file = sdk::string_at(part, "filename");
  if (!file.empty()) {
    content.attachments.push_back(sdk::json::object{{"partId", sdk::string_at(part, "partId")},
                                                    {"filename", file},
                                                    {"mimeType", type},
                                                    {"size", number_at(part, "body.size")}});
  } else if (type == "text/plain" && content.text.empty()) {
    content.text = decoded_body(part);
  } else if (type == "text/html" && content.html.empty()) {
    content.html = decoded_body(part);
  }
  for (const auto& inner : items_at(part, "parts")) read_part(inner, depth + 1, content);
}

/// Milliseconds since 1970, as a text.
std::string time_of(const sdk::json::value& message) {
  const std::string text = number_at(message, "internalDate");
  std::int64_t milliseconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  if (failure != std::errc() || end != text.data() + text.size() || milliseconds <= 0) return {};
  return sdk::format_time(sdk::SystemTime(std::chrono::milliseconds(milliseconds)));
}

sdk::json::object derived(const sdk::json::value& message) {
  Content content;
  if (const auto* payload = sdk::find_member(message, "payload")) read_part(*payload, 0, content);
  const bool outbound = has_label(message, "SENT");
  const std::string from = header(message, "From"), to = header(message, "To");
  const auto receivers = split_addresses(to);
  const std::string other = outbound ? (receivers.empty() ? std::string() : receivers.front()) : from;
  const char* status = outbound ? "sent" : has_label(message, "UNREAD") ? "received" : "read";
  return {{"from", from},
          {"to", to},
          {"cc", header(message, "Cc")},
          {"subject", header(message, "Subject")},
          {"text", content.text},
          {"html", content.html},
          {"body", content.text.empty() ? (content.html.empty() ? sdk::string_at(message, "snippet") : content.html)
                                        : content.text},
          {"messageId", header(message, "Message-ID")},
          {"direction", outbound ? "outbound" : "inbound"},
          {"correspondent", address_of(other)},
          {"status", status},
          {"sentAt", time_of(message)},
          {"attachments", std::move(content.attachments)}};
}

std::string id_of(const sdk::json::value& entry) {
  return sdk::string_at(entry, "message.id");
}

}  // namespace

sdk::Record make_message_record(sdk::json::value message) {
  sdk::Record record;
  record.resource = kMessages;
  record.external_id = sdk::string_at(message, "id");
  record.version = number_at(message, "historyId");
  record.deleted = has_label(message, "TRASH") || has_label(message, "SPAM");
  if (message.is_object()) message.as_object()["patchbay"] = derived(message);
  record.data = std::move(message);
  return record;
}

HistoryChanges read_history(const sdk::json::value& answer) {
  HistoryChanges changes;
  std::set<std::string> seen;
  // Without the member nothing has changed.
  for (const auto& entry : items_at(answer, "history")) {
    for (const auto& item : items_at(entry, "messagesDeleted")) changes.deleted.insert(id_of(item));
    for (const char* kind : {"messagesAdded", "labelsAdded", "labelsRemoved"}) {
      for (const auto& item : items_at(entry, kind)) {
        if (seen.insert(id_of(item)).second) changes.changed.push_back(id_of(item));
      }
    }
  }
  std::erase_if(changes.changed, [&](const std::string& id) { return id.empty() || changes.deleted.count(id) != 0; });
  changes.deleted.erase("");
  return changes;
}

std::string message_id_of(const std::string& idempotency_key) {
  return "<" + sdk::hex_encode(idempotency_key) + "@patchbay.invalid>";
}

}  // namespace patchbay::google
