#include "gmail.hpp"

#include "mime.hpp"

namespace patchbay::google {
namespace {

// A list tells ids only, and each message is a call of 20 points: more of them would not fit into one call's time.
constexpr std::uint32_t kPageMax = 25;
constexpr std::size_t kMailBytesMax = 36'700'160;
constexpr std::size_t kReferencesMax = 4'000;
constexpr double kGetCost = 20, kListCost = 5, kHistoryCost = 2, kModifyCost = 5, kSendCost = 100, kThreadCost = 40;

Call call_of(const char* method, std::string path, double cost) {
  Call call;
  call.root = Root::kGmail;
  call.method = method;
  call.path = std::move(path);
  call.cost = cost;
  return call;
}

bool is_draft(const sdk::json::value& message) {
  for (const auto& label : items_at(message, "labelIds")) {
    if (label.is_string() && std::string_view(label.as_string()) == "DRAFT") return true;
  }
  return false;
}

sdk::Record gone(const std::string& id) {
  sdk::Record record;
  record.resource = kMessages;
  record.external_id = id;
  record.deleted = true;
  record.data = sdk::json::object{{"id", id}};
  return record;
}

std::string reply_subject(const std::string& subject) {
  const bool is_reply = subject.size() >= 3 && sdk::equals_ignoring_case(subject.substr(0, 3), "re:");
  return is_reply ? subject : "Re: " + subject;
}

std::string header_of(const sdk::json::value& message, const char* name) {
  const auto* payload = sdk::find_member(message, "payload");
  if (payload == nullptr) return {};
  for (const auto& header : items_at(*payload, "headers")) {
    if (sdk::equals_ignoring_case(sdk::string_at(header, "name"), name)) return sdk::string_at(header, "value");
  }
  return {};
}

sdk::json::array names_of(const std::vector<std::string>& names) {
  sdk::json::array out;
  for (const std::string& name : names) out.emplace_back(name);
  return out;
}

}  // namespace

/// Where a run stands: the page after, the history it reads (empty: a full list), and where the next run begins.
struct Gmail::Cursor {
  std::string page, start, baseline;
  static Cursor of(const sdk::ListRequest& request) {
    const auto parsed = sdk::parse_json(request.page_cursor, {16 * 1024, 4});
    if (!parsed.ok()) return {};
    return {sdk::string_at(*parsed, "page"), sdk::string_at(*parsed, "start"), sdk::string_at(*parsed, "baseline")};
  }
  std::string text() const {
    return sdk::json::serialize(sdk::json::object{{"page", page}, {"start", start}, {"baseline", baseline}});
  }
};

Gmail::Gmail(Api& api, const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : api_(api), services_(services), query_(settings.option("gmailQuery")) {}

sdk::Result<sdk::json::value> Gmail::profile(const sdk::CallContext& context) {
  return api_.json(context, call_of("GET", "/profile", 1));
}

sdk::Result<sdk::json::value> Gmail::message(const sdk::CallContext& context, const std::string& id) {
  Call call = call_of("GET", "/messages/" + sdk::url_encode(id), kGetCost);
  call.query = {{"format", "full"}};
  return api_.json(context, std::move(call));
}

sdk::Result<void> Gmail::add_message(const sdk::CallContext& context, const std::string& id, sdk::Page& page) {
  auto found = message(context, id);
  if (!found.ok() && found.error().error_class == sdk::ErrorClass::kNotFound) {
    page.records.push_back(gone(id));
    return {};
  }
  if (!found.ok()) return std::move(found).error();
  if (is_draft(*found)) return {};
  sdk::Record record = make_message_record(std::move(*found));
  if (record.external_id.empty()) {
    page.problems.push_back({id, "Gmail sent a message without an id"});
    return {};
  }
  page.records.push_back(std::move(record));
  return {};
}

sdk::Result<sdk::Page> Gmail::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  Cursor cursor = Cursor::of(request);
  if (request.page_cursor.empty() && request.mode == sdk::SyncMode::kIncremental) cursor.start = request.checkpoint;
  if (cursor.start.empty()) return full_page(context, request, std::move(cursor));
  auto page = history_page(context, request, cursor);
  if (page.ok() || page.error().error_class != sdk::ErrorClass::kNotFound) return page;
  services_.logger.log(sdk::LogLevel::kInfo,
                       "Gmail no longer knows the point in its history; the mailbox is listed anew");
  return full_page(context, request, {});
}

sdk::Result<sdk::Page> Gmail::full_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                        Cursor cursor) {
  // Where the next run begins is fixed before the first message is listed: what changes meanwhile is seen twice.
  if (cursor.baseline.empty()) {
    PATCHBAY_ASSIGN(const auto mailbox, profile(context));
    cursor.baseline = number_at(mailbox, "historyId");
  }
  Call call = call_of("GET", "/messages", kListCost);
  call.query = {{"maxResults", std::to_string(std::clamp<std::uint32_t>(request.page_size, 1, kPageMax))}};
  if (!query_.empty()) call.query.emplace_back("q", query_);
  if (!cursor.page.empty()) call.query.emplace_back("pageToken", cursor.page);
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  sdk::Page page;
  for (const auto& item : items_at(answer, "messages")) {
    PATCHBAY_TRY(add_message(context, sdk::string_at(item, "id"), page));
  }
  if (const auto* estimate = sdk::find_member(answer, "resultSizeEstimate");
      estimate != nullptr && estimate->is_int64() && estimate->as_int64() > 0)
    page.total_estimate = static_cast<std::uint64_t>(estimate->as_int64());
  const std::string next = sdk::string_at(answer, "nextPageToken");
  if (!next.empty() && next == cursor.page)
    return sdk::transient_error("google.unreadable", "Google promised another page but named the same one");
  cursor.page = next;
  (next.empty() ? page.checkpoint : page.next_cursor) = next.empty() ? cursor.baseline : cursor.text();
  return page;
}

sdk::Result<sdk::Page> Gmail::history_page(const sdk::CallContext& context, const sdk::ListRequest& request,
                                           Cursor cursor) {
  Call call = call_of("GET", "/history", kHistoryCost);
  call.query = {{"startHistoryId", cursor.start},
                {"maxResults", std::to_string(std::clamp<std::uint32_t>(request.page_size, 1, kPageMax))}};
  for (const char* type : {"messageAdded", "messageDeleted", "labelAdded", "labelRemoved"})
    call.query.emplace_back("historyTypes", type);
  if (!cursor.page.empty()) call.query.emplace_back("pageToken", cursor.page);
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  sdk::Page page;
  const HistoryChanges changes = read_history(answer);
  for (const std::string& id : changes.deleted) page.records.push_back(gone(id));
  for (const std::string& id : changes.changed) PATCHBAY_TRY(add_message(context, id, page));
  const std::string next = sdk::string_at(answer, "nextPageToken");
  if (!next.empty() && next == cursor.page)
    return sdk::transient_error("google.unreadable", "Google promised another page but named the same one");
  // Each page tells where the mailbox stands; the first one's is the safe one.
  if (cursor.baseline.empty()) cursor.baseline = number_at(answer, "historyId");
  cursor.page = next;
  const std::string reached = cursor.baseline.empty() ? cursor.start : cursor.baseline;
  (next.empty() ? page.checkpoint : page.next_cursor) = next.empty() ? reached : cursor.text();
  return page;
}

sdk::Result<sdk::Record> Gmail::get(const sdk::CallContext& context, const std::string& id) {
  PATCHBAY_ASSIGN(auto found, message(context, id));
  sdk::Record record = make_message_record(std::move(found));
  if (record.external_id.empty())
    return sdk::transient_error("google.unreadable", "Gmail answered without the message's id");
  return record;
}

sdk::Result<std::optional<sdk::SentMessage>> Gmail::find_sent(const sdk::CallContext& context,
                                                              const std::string& message_id) {
  Call call = call_of("GET", "/messages", kListCost);
  call.query = {{"q", "rfc822msgid:" + message_id.substr(1, message_id.size() - 2)}, {"maxResults", "1"}};
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  const std::string id = sdk::string_at(answer, "messages[0].id");
  if (id.empty()) return std::optional<sdk::SentMessage>();
  // Two ids are no message: a record made of them would say that it is an inbound one without a text.
  return std::optional<sdk::SentMessage>({id, sdk::string_at(answer, "messages[0].threadId"), std::nullopt});
}

sdk::Result<Gmail::Thread> Gmail::thread_of(const sdk::CallContext& context, const std::string& thread_id) {
  Call call = call_of("GET", "/threads/" + sdk::url_encode(thread_id), kThreadCost);
  call.query = {{"format", "metadata"},
                {"metadataHeaders", "Message-ID"},
                {"metadataHeaders", "References"},
                {"metadataHeaders", "Subject"}};
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  const auto messages = items_at(answer, "messages");
  if (messages.empty()) return sdk::not_found_error("google.no_thread", "Gmail has no such thread");
  Thread thread;
  thread.message_id = header_of(messages.back(), "Message-ID");
  thread.references = header_of(messages.back(), "References");
  if (thread.references.size() > kReferencesMax) thread.references.clear();
  if (!thread.message_id.empty()) thread.references += (thread.references.empty() ? "" : " ") + thread.message_id;
  thread.subject = decode_words(header_of(messages.front(), "Subject"));
  return thread;
}

sdk::Result<sdk::SentMessage> Gmail::send(const sdk::CallContext& context, const sdk::OutgoingMessage& message) {
  if (message.channel != "email")
    return sdk::permanent_error("google.unknown_channel", "Google sends no '" + message.channel + "' from here");
  if (message.to.empty()) return sdk::invalid_error("google.address", "there is nobody to send it to", "to");
  MailEnvelope envelope;
  envelope.subject = message.subject;
  envelope.date = services_.clock.now();
  if (!message.idempotency_key.empty()) {
    envelope.message_id = message_id_of(message.idempotency_key);
    PATCHBAY_ASSIGN(auto already, find_sent(context, envelope.message_id));
    if (already) return std::move(*already);
  }
  sdk::json::object body;
  if (!message.thread_id.empty()) {
    PATCHBAY_ASSIGN(const Thread thread, thread_of(context, message.thread_id));
    envelope.in_reply_to = thread.message_id;
    envelope.references = thread.references;
    // Gmail keeps it in the thread only where the subject is the thread's.
    envelope.subject = reply_subject(thread.subject);
    body["threadId"] = message.thread_id;
  }
  PATCHBAY_ASSIGN(const std::string mail, make_mail(message, envelope));
  if (mail.size() > kMailBytesMax)
    return sdk::invalid_error("google.message_too_large", "Gmail takes mails of at most 35 MiB", "attachments");
  body["raw"] = sdk::base64url_encode(mail);
  Call call = call_of("POST", "/messages/send", kSendCost);
  call.body = body_text(body);
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  sdk::SentMessage sent;
  sent.external_id = sdk::string_at(answer, "id");
  sent.thread_id = sdk::string_at(answer, "threadId");
  if (sent.external_id.empty())
    return sdk::transient_error("google.unreadable", "Gmail did not say which message it sent");
  sent.record = make_message_record(answer);  // ids and labels; the rest comes with the next run
  return sent;
}

sdk::Result<sdk::json::value> Gmail::list_labels(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, call_of("GET", "/labels", 1)));
  return sdk::json::value(sdk::json::object{{"labels", items_at(answer, "labels")}});
}

sdk::Result<std::string> Gmail::label_id(const sdk::CallContext& context, const std::string& label, bool make) {
  PATCHBAY_ASSIGN(const auto known, list_labels(context));
  for (const auto& item : items_at(known, "labels")) {
    const std::string id = sdk::string_at(item, "id");
    if (id == label || sdk::equals_ignoring_case(sdk::string_at(item, "name"), label)) return id;
  }
  if (!make) return sdk::not_found_error("google.no_label", "Gmail has no label '" + label + "'");
  Call call = call_of("POST", "/labels", kModifyCost);
  call.body = body_text(
      sdk::json::object{{"name", label}, {"labelListVisibility", "labelShow"}, {"messageListVisibility", "show"}});
  PATCHBAY_ASSIGN(const auto made, api_.json(context, std::move(call)));
  return sdk::string_at(made, "id");
}

sdk::Result<sdk::json::value> Gmail::change_labels(const sdk::CallContext& context, const std::string& id,
                                                   const std::vector<std::string>& add,
                                                   const std::vector<std::string>& remove) {
  std::vector<std::string> added, removed;
  for (const std::string& label : add) {
    PATCHBAY_ASSIGN(std::string known, label_id(context, label, true));
    added.push_back(std::move(known));
  }
  for (const std::string& label : remove) {
    PATCHBAY_ASSIGN(std::string known, label_id(context, label, false));
    removed.push_back(std::move(known));
  }
  Call call = call_of("POST", "/messages/" + sdk::url_encode(id) + "/modify", kModifyCost);
  call.retry_safe = true;
  call.body = body_text(sdk::json::object{{"addLabelIds", names_of(added)}, {"removeLabelIds", names_of(removed)}});
  return api_.json(context, std::move(call));
}

sdk::Result<sdk::json::value> Gmail::find_messages(const sdk::CallContext& context,
                                                   const sdk::json::object& arguments) {
  Call call = call_of("GET", "/messages", kListCost);
  call.query = {{"maxResults", "100"}};
  for (const auto& [argument, parameter] : std::vector<std::pair<const char*, const char*>>{
           {"query", "q"}, {"label", "labelIds"}, {"pageToken", "pageToken"}}) {
    if (const std::string value = sdk::string_at(arguments, argument); !value.empty())
      call.query.emplace_back(parameter, value);
  }
  PATCHBAY_ASSIGN(const auto answer, api_.json(context, std::move(call)));
  return sdk::json::value(sdk::json::object{{"messages", items_at(answer, "messages")},
                                            {"nextPageToken", sdk::string_at(answer, "nextPageToken")}});
}

sdk::Result<sdk::json::value> Gmail::get_attachment(const sdk::CallContext& context, const std::string& message_id,
                                                    const std::string& part_id) {
  // Attachment ids may change between two readings; the part's number stays.
  PATCHBAY_ASSIGN(const auto found, message(context, message_id));
  const auto* payload = sdk::find_member(found, "payload");
  std::vector<const sdk::json::value*> open;
  if (payload != nullptr) open.push_back(payload);
  while (!open.empty()) {
    const sdk::json::value* part = open.back();
    open.pop_back();
    if (const auto* inner = sdk::find_member(*part, "parts"); inner != nullptr && inner->is_array()) {
      for (const auto& item : inner->as_array()) open.push_back(&item);
    }
    if (sdk::string_at(*part, "partId") != part_id) continue;
    std::string data = sdk::string_at(*part, "body.data");
    if (const std::string id = sdk::string_at(*part, "body.attachmentId"); !id.empty()) {
      PATCHBAY_ASSIGN(
          const auto attachment,
          api_.json(context,
                    call_of("GET", "/messages/" + sdk::url_encode(message_id) + "/attachments/" + sdk::url_encode(id),
                            kGetCost)));
      data = sdk::string_at(attachment, "data");
    }
    PATCHBAY_ASSIGN(const std::string bytes, sdk::base64_decode(data));
    return sdk::json::value(sdk::json::object{{"filename", sdk::string_at(*part, "filename")},
                                              {"mimeType", sdk::string_at(*part, "mimeType")},
                                              {"content", sdk::base64_encode(bytes)}});
  }
  return sdk::not_found_error("google.no_part", "the message has no such part");
}

}  // namespace patchbay::google
