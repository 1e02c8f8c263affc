#include "tests/sandbox/google/gmail.hpp"

#include "tests/sandbox/google/mail.hpp"
#include "tests/sandbox/google/replies.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox::google {
namespace {

constexpr std::string_view kSystemLabels[] = {
    "INBOX",           "SENT", "DRAFT", "TRASH", "SPAM", "STARRED", "IMPORTANT", "UNREAD", "CATEGORY_PERSONAL",
    "CATEGORY_UPDATES"};
constexpr std::size_t kRawMax = 36'700'160;

std::vector<std::string> texts_at(const json::object& body, std::string_view member) {
  std::vector<std::string> texts;
  const auto* value = body.if_contains(member);
  if (value == nullptr || !value->is_array()) return texts;
  for (const auto& item : value->as_array()) {
    if (item.is_string()) texts.emplace_back(item.as_string());
  }
  return texts;
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

bool has_label(const json::object& message, std::string_view label) {
  const auto& labels = message.at("labelIds").as_array();
  return std::any_of(labels.begin(), labels.end(),
                     [&](const auto& item) { return std::string_view(item.as_string()) == label; });
}

/// Large attachments are fetched on their own.
void take_attachments_out(json::object& part, const std::string& message_id) {
  auto& body = part.at("body").as_object();
  if (!sdk::string_at(part, "filename").empty()) {
    body["attachmentId"] = "ANGjdJ_" + message_id + "_" + sdk::string_at(part, "partId");
    body.erase("data");
  }
  if (auto* parts = part.if_contains("parts")) {
    for (auto& inner : parts->as_array()) take_attachments_out(inner.as_object(), message_id);
  }
}

const json::object* find_part(const json::object& part, std::string_view number) {
  if (sdk::string_at(part, "partId") == number) return &part;
  if (const auto* parts = part.if_contains("parts")) {
    for (const auto& inner : parts->as_array()) {
      if (const auto* found = find_part(inner.as_object(), number)) return found;
    }
  }
  return nullptr;
}

json::object reference(const json::object& message) {
  return {{"id", message.at("id")}, {"threadId", message.at("threadId")}, {"labelIds", message.at("labelIds")}};
}

}  // namespace

std::uint64_t Gmail::history_floor() const {
  const auto* floor = account_.find("mailbox", "historyFloor");
  return floor == nullptr ? 0 : floor->value.at("change").to_number<std::uint64_t>();
}

void Gmail::forget_history() {
  account_.put("mailbox", "historyFloor", {{"change", account_.context().store.next_number()}});
}

bool Gmail::is_label(std::string_view id) const {
  return std::find(std::begin(kSystemLabels), std::end(kSystemLabels), id) != std::end(kSystemLabels) ||
         account_.find("labels", id) != nullptr;
}

json::object Gmail::in_format(const Record& record, const std::string& format) const {
  json::object message = record.value;
  const auto raw = sdk::string_at(message, "_raw");
  for (const auto* own : {"_raw", "_messageId"}) message.erase(own);
  message["historyId"] = std::to_string(record.updated_ms);
  message["sizeEstimate"] = raw.size();
  if (format == "minimal" || format == "raw") message.erase("payload");
  if (format == "raw") message["raw"] = sdk::base64url_encode(raw);
  if (auto* payload = message.if_contains("payload")) {
    take_attachments_out(payload->as_object(), record.id);
    if (format == "metadata") {
      payload->as_object().erase("parts");
      payload->as_object().erase("body");
    }
  }
  return message;
}

json::object Gmail::shown(const Record& record) const {
  return in_format(record, "full");
}

void Gmail::remember(std::string_view kind, const json::object& message, const std::vector<std::string>& labels) {
  json::object entry{{"kind", kind}, {"message", reference(message)}};
  if (!labels.empty()) entry["labelIds"] = array_of(labels);
  account_.put("history", std::to_string(account_.context().store.next_number()), std::move(entry));
  account_.publish_mailbox();
}

json::object Gmail::store_mail(const std::string& raw, std::vector<std::string> labels, std::string thread_id,
                               std::int64_t at_ms, bool tell) {
  auto payload =
      parse_mail(raw).value_or(json::object{{"headers", json::array()}, {"body", json::object{{"size", 0}}}});
  std::string id;
  for (const char c : account_.context().new_id("", 16)) id += "0123456789abcdef"[static_cast<unsigned>(c) % 16];
  if (thread_id.empty()) thread_id = id;
  auto text = text_of(payload);
  json::object message{{"id", id},
                       {"threadId", thread_id},
                       {"labelIds", array_of(labels)},
                       {"snippet", sdk::is_utf8(text.substr(0, 100)) ? text.substr(0, 100) : std::string()},
                       {"internalDate", std::to_string(at_ms)},
                       {"_messageId", header_of(payload, "Message-ID")},
                       {"_raw", raw},
                       {"payload", std::move(payload)}};
  account_.put("messages", id, message);
  if (tell) remember("messagesAdded", message, {});
  return shown(*account_.find("messages", id));
}

json::object Gmail::add(const json::object& members, std::vector<std::string> labels, bool tell) {
  json::object mail = members;
  if (!mail.contains("to")) mail["to"] = kEmail;
  if (!mail.contains("messageId")) mail["messageId"] = "<" + account_.context().new_id("", 20) + "@mail.example.com>";
  const auto at = parse_iso(sdk::string_at(members, "date")).value_or(account_.now_ms());
  mail.erase("date");
  return store_mail(compose_mail(mail), std::move(labels), sdk::string_at(members, "threadId"), at, tell);
}

bool Gmail::change_labels(std::string_view id, const std::vector<std::string>& add,
                          const std::vector<std::string>& remove) {
  const auto* record = account_.find("messages", id);
  if (record == nullptr) return false;
  json::object message = record->value;
  std::vector<std::string> labels, added, removed;
  for (const auto& label : message.at("labelIds").as_array()) {
    const std::string name(label.as_string());
    if (std::find(remove.begin(), remove.end(), name) == remove.end())
      labels.push_back(name);
    else
      removed.push_back(name);
  }
  for (const auto& label : add) {
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) continue;
    labels.push_back(label);
    added.push_back(label);
  }
  if (added.empty() && removed.empty()) return true;
  message["labelIds"] = array_of(labels);
  account_.put("messages", std::string(id), message);
  if (!added.empty()) remember("labelsAdded", message, added);
  if (!removed.empty()) remember("labelsRemoved", message, removed);
  return true;
}

bool Gmail::erase(std::string_view id) {
  const auto* record = account_.find("messages", id);
  if (record == nullptr) return false;
  const json::object message = record->value;
  account_.erase("messages", id);
  remember("messagesDeleted", message, {});
  return true;
}

http::Response Gmail::list(const http::Request& request) {
  const auto search = parameter(request, "q");
  const bool everywhere = parameter(request, "includeSpamTrash") == "true" ||
                          search.find("in:trash") != std::string::npos || search.find("in:spam") != std::string::npos;
  std::string question = search;
  for (const auto& [name, value] : request.query) question += name == "labelIds" ? "&" + value : "";
  std::size_t offset = 0;
  if (const auto page = parameter(request, "pageToken"); !page.empty()) {
    const auto parsed = parse_page_token(page, question);
    if (!parsed) return refused(400, "invalidArgument", "Invalid pageToken");
    offset = *parsed;
  }
  std::vector<const Record*> found;
  const auto& order = account_.table("messages").by_created();
  for (auto record = order.rbegin(); record != order.rend(); ++record) {
    const auto& message = (*record)->value;
    if (!everywhere && (has_label(message, "TRASH") || has_label(message, "SPAM"))) continue;
    const bool labelled = std::all_of(request.query.begin(), request.query.end(), [&](const auto& pair) {
      return pair.first != "labelIds" || has_label(message, pair.second);
    });
    if (labelled && meets_search(message, search, account_.now_ms())) found.push_back(*record);
  }
  const auto size = size_parameter(request, "maxResults", 100, 500);
  json::object answer{{"resultSizeEstimate", found.size()}};
  json::array messages;
  for (std::size_t at = offset; at < std::min(offset + size, found.size()); ++at)
    messages.push_back(json::object{{"id", found[at]->id}, {"threadId", found[at]->value.at("threadId")}});
  if (!messages.empty()) answer["messages"] = std::move(messages);
  if (offset + size < found.size()) answer["nextPageToken"] = page_token(offset + size, question);
  return ok(answer);
}

http::Response Gmail::history(const http::Request& request) {
  std::uint64_t start = 0;
  const auto text = parameter(request, "startHistoryId");
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), start);
  if (code != std::errc() || end != text.data() + text.size())
    return refused(400, "invalidArgument", "Invalid startHistoryId");
  if (start < history_floor()) return not_found();
  std::size_t offset = 0;
  if (const auto page = parameter(request, "pageToken"); !page.empty()) {
    const auto parsed = parse_page_token(page, text);
    if (!parsed) return refused(400, "invalidArgument", "Invalid pageToken");
    offset = *parsed;
  }
  std::vector<std::string> kinds;
  for (const auto& [name, value] : request.query) {
    if (name == "historyTypes") kinds.push_back(value);
  }
  const auto wanted = [&](const std::string& kind) {
    const auto type = kind == "messagesAdded"     ? "messageAdded"
                      : kind == "messagesDeleted" ? "messageDeleted"
                      : kind == "labelsAdded"     ? "labelAdded"
                                                  : "labelRemoved";
    return kinds.empty() || std::find(kinds.begin(), kinds.end(), type) != kinds.end();
  };
  json::array all;
  for (const auto* record : account_.table("history").by_updated()) {
    const auto kind = sdk::string_at(record->value, "kind");
    if (static_cast<std::uint64_t>(record->updated_ms) <= start || !wanted(kind)) continue;
    json::object change{{"message", record->value.at("message")}};
    if (const auto* labels = record->value.if_contains("labelIds")) change["labelIds"] = *labels;
    all.push_back(
        json::object{{"id", std::to_string(record->updated_ms)},
                     {"messages", json::array{json::object{{"id", record->value.at("message").at("id")},
                                                           {"threadId", record->value.at("message").at("threadId")}}}},
                     {kind, json::array{std::move(change)}}});
  }
  const auto size = size_parameter(request, "maxResults", 100, 500);
  json::object answer{{"historyId", std::to_string(std::max(account_.last_change(), history_floor()))}};
  json::array page;
  for (std::size_t at = offset; at < std::min(offset + size, all.size()); ++at) page.push_back(all[at]);
  if (!page.empty()) answer["history"] = std::move(page);
  if (offset + size < all.size()) answer["nextPageToken"] = page_token(offset + size, text);
  return ok(answer);
}

http::Response Gmail::send(const http::Request& request) {
  const auto type = std::string(request.header("Content-Type").value_or(""));
  std::string raw, thread;
  if (type.starts_with("message/rfc822")) {
    raw = request.body;
  } else {
    const auto body = object_body(request);
    if (!body) return refused(400, "parseError", "Parse Error");
    const auto text = sdk::string_at(*body, "raw");
    const auto decoded = sdk::base64_decode(text);
    if (text.empty() || text.find_first_of("+/") != std::string::npos || !decoded)
      return refused(400, "invalidArgument",
                     "'raw' RFC822 payload message string or uploading message via /upload/* URL required");
    raw = *decoded;
    thread = sdk::string_at(*body, "threadId");
  }
  if (raw.size() > kRawMax) return refused(413, "uploadTooLarge", "The message is too large");
  const auto payload = parse_mail(raw);
  if (!payload) return refused(400, "invalidArgument", "The message cannot be read");
  if (header_of(*payload, "To").find('@') == std::string::npos)
    return refused(400, "invalidArgument", "Recipient address required");
  if (!thread.empty()) {
    const auto& known = account_.table("messages").where("threadId", thread);
    if (known.empty()) return not_found();
    // All three signs, or it is a thread of its own.
    const bool answers = !header_of(*payload, "In-Reply-To").empty() && !header_of(*payload, "References").empty();
    if (!answers) thread.clear();
  }
  const auto sent = store_mail(raw, {"SENT"}, thread, account_.now_ms(), true);
  return ok(reference(sent));
}

http::Response Gmail::message(const http::Request& request, const std::vector<std::string>& parts) {
  const auto* record = account_.find("messages", parts[1]);
  if (record == nullptr) return refused(404, "notFound", "Requested entity was not found.");
  const auto reply = [&] { return ok(in_format(*account_.find("messages", parts[1]), "minimal")); };
  if (parts.size() == 2 && request.method == "GET") {
    const auto format = parameter(request, "format");
    return ok(in_format(*record, format.empty() ? "full" : format));
  }
  if (parts.size() == 2 && request.method == "DELETE") {
    erase(parts[1]);
    return http::Response::empty(204);
  }
  if (parts.size() == 4 && parts[2] == "attachments" && request.method == "GET") {
    const auto number = parts[3].substr(parts[3].rfind('_') + 1);
    const auto* part = find_part(record->value.at("payload").as_object(), number);
    return part == nullptr ? not_found() : ok(part->at("body"));
  }
  if (parts.size() != 3 || request.method != "POST") return not_found();
  if (parts[2] == "trash" || parts[2] == "untrash") {
    const bool in = parts[2] == "trash";
    change_labels(parts[1], in ? std::vector<std::string>{"TRASH"} : std::vector<std::string>{},
                  in ? std::vector<std::string>{"INBOX"} : std::vector<std::string>{"TRASH"});
    return reply();
  }
  if (parts[2] != "modify") return not_found();
  const auto body = object_body(request).value_or(json::object());
  const auto add = texts_at(body, "addLabelIds"), remove = texts_at(body, "removeLabelIds");
  for (const auto& label : add) {
    if (!is_label(label)) return refused(400, "invalidArgument", "Invalid label: " + label);
  }
  change_labels(parts[1], add, remove);
  return reply();
}

http::Response Gmail::thread(const http::Request& request, const std::string& id) {
  json::array messages;
  const auto format = parameter(request, "format");
  for (const auto* record : account_.table("messages").where("threadId", id))
    messages.push_back(in_format(*record, format.empty() ? "full" : format));
  if (messages.empty()) return not_found();
  return ok(json::object{
      {"id", id}, {"historyId", std::to_string(account_.last_change())}, {"messages", std::move(messages)}});
}

http::Response Gmail::labels(const http::Request& request, const std::vector<std::string>& parts) {
  if (request.method == "GET" && parts.size() == 1) {
    json::array labels;
    for (const auto name : kSystemLabels)
      labels.push_back(json::object{{"id", name}, {"name", name}, {"type", "system"}});
    for (const auto* record : account_.table("labels").by_created()) labels.push_back(record->value);
    return ok(json::object{{"labels", std::move(labels)}});
  }
  if (request.method != "POST" || parts.size() != 1) return not_found();
  auto body = object_body(request).value_or(json::object());
  const auto name = sdk::string_at(body, "name");
  if (name.empty()) return refused(400, "invalidArgument", "Label name is needed");
  for (const auto* record : account_.table("labels").by_created()) {
    if (sdk::string_at(record->value, "name") == name) return refused(409, "aborted", "Label name exists or conflicts");
  }
  const auto id = "Label_" + std::to_string(account_.context().store.next_number());
  body["id"] = id;
  body["type"] = "user";
  return ok(account_.put("labels", id, body));
}

http::Response Gmail::watch(const http::Request& request) {
  const auto body = object_body(request).value_or(json::object());
  const auto topic = sdk::string_at(body, "topicName");
  if (!topic.starts_with("projects/") || topic.find("/topics/") == std::string::npos)
    return refused(400, "invalidArgument", "Invalid topicName does not match projects/sandbox/topics/*");
  const auto history = std::to_string(account_.last_change());
  account_.watch_mailbox(topic);
  const auto expiration = account_.find("mailbox", "watch")->value.at("expiration").to_number<std::int64_t>();
  return ok(json::object{{"historyId", history}, {"expiration", std::to_string(expiration)}});
}

http::Response Gmail::answer(const http::Request& request, const std::vector<std::string>& parts) {
  const auto& method = request.method;
  if (parts.empty()) return not_found();
  const auto& what = parts[0];
  if (what == "profile" && method == "GET") {
    return ok(json::object{{"emailAddress", kEmail},
                           {"messagesTotal", account_.table("messages").size()},
                           {"threadsTotal", account_.table("messages").size()},
                           {"historyId", std::to_string(std::max(account_.last_change(), history_floor()))}});
  }
  if (what == "history" && method == "GET") return history(request);
  if (what == "watch" && method == "POST") return watch(request);
  if (what == "stop" && method == "POST") {
    account_.stop_mailbox();
    return http::Response::empty(204);
  }
  if (what == "labels") return labels(request, parts);
  if (what == "threads" && parts.size() == 2 && method == "GET") return thread(request, parts[1]);
  if (what != "messages") return not_found();
  if (parts.size() == 1 && method == "GET") return list(request);
  if (parts.size() == 2 && parts[1] == "send" && method == "POST") return send(request);
  return parts.size() >= 2 ? message(request, parts) : not_found();
}

}  // namespace patchbay::sandbox::google
