// Errors, HTTP messages, records and requests.
#include "codec_reader.hpp"

#include <patchbay/sdk/codec.hpp>
#include <patchbay/sdk/encoding.hpp>

namespace patchbay::sdk {
namespace {

using detail::CodecReader;
using detail::encode_list;
using detail::encode_texts;
using detail::to_milliseconds;
constexpr auto kRequired = CodecReader::Need::kRequired;
constexpr std::string_view kSyncModes[] = {"incremental", "full"};

template <typename Type, typename Convert>
json::value encode_optional(const std::optional<Type>& value, Convert convert) {
  return value ? json::value(convert(*value)) : json::value(nullptr);
}

json::array encode_headers(const Headers& headers) {
  json::array encoded;
  encoded.reserve(headers.size());
  for (const auto& [name, value] : headers) encoded.push_back(json::array{json::string(name), json::string(value)});
  return encoded;
}

json::value encode_body_file(const BodyFile& file) {
  return {{"descriptor", file.descriptor}, {"sizeBytes", file.size_bytes}};
}

Result<BodyFile> decode_body_file(const json::value& value) {
  CodecReader reader(value, "body_file");
  BodyFile file;
  reader.integer("descriptor", file.descriptor, kRequired);
  reader.integer("sizeBytes", file.size_bytes, kRequired);
  return reader.finish(file);
}

json::value encode_problem(const RecordProblem& problem) {
  return {{"externalId", problem.external_id}, {"message", problem.message}};
}

Result<RecordProblem> decode_problem(const json::value& value) {
  CodecReader reader(value, "record_problem");
  RecordProblem problem;
  reader.text("externalId", problem.external_id);
  reader.text("message", problem.message, kRequired);
  return reader.finish(std::move(problem));
}

}  // namespace

json::value encode(const Error& value) {
  return {{"class", error_class_name(value.error_class)},
          {"code", value.code},
          {"message", value.message},
          {"field", encode_optional(value.field, [](const std::string& field) { return json::string(field); })},
          {"retryAfterMs",
           encode_optional(value.retry_after, [](std::chrono::milliseconds wait) { return wait.count(); })}};
}

Error decode_error(const json::value& value) {
  CodecReader reader(value, "error");
  Error error;
  std::string class_name;
  std::string field;
  std::chrono::milliseconds retry_after{-1};
  reader.text("class", class_name, kRequired);
  reader.text("code", error.code, kRequired);
  reader.text("message", error.message, kRequired);
  reader.text("field", field);
  reader.duration("retryAfterMs", retry_after);
  error.error_class = parse_error_class(class_name);
  if (!field.empty()) error.field = std::move(field);
  if (retry_after.count() >= 0) error.retry_after = retry_after;
  auto complete = reader.finish(true);
  return complete.ok() ? error : std::move(complete).error();
}

json::value encode(const HttpRequest& value) {
  return {{"method", value.method},
          {"url", value.url},
          {"headers", encode_headers(value.headers)},
          {"body", base64_encode(value.body)},
          {"bodyFile", encode_optional(value.body_file, encode_body_file)},
          {"limitGroup", value.limit_group},
          {"cost", value.cost},
          {"retrySafe", value.retry_safe}};
}

Result<HttpRequest> decode_http_request(const json::value& value) {
  CodecReader reader(value, "http_request");
  HttpRequest request;
  reader.text("method", request.method, kRequired);
  reader.text("url", request.url, kRequired);
  reader.headers("headers", request.headers);
  reader.bytes("body", request.body);
  reader.nested("bodyFile", request.body_file, decode_body_file);
  reader.text("limitGroup", request.limit_group);
  reader.number("cost", request.cost);
  reader.flag("retrySafe", request.retry_safe);
  return reader.finish(std::move(request));
}

json::value encode(const HttpResponse& value) {
  return {{"status", value.status}, {"headers", encode_headers(value.headers)}, {"body", base64_encode(value.body)}};
}

Result<HttpResponse> decode_http_response(const json::value& value) {
  CodecReader reader(value, "http_response");
  HttpResponse response;
  reader.integer("status", response.status, kRequired);
  reader.headers("headers", response.headers);
  reader.bytes("body", response.body);
  return reader.finish(std::move(response));
}

json::value encode(const Record& value) {
  return {{"resource", value.resource}, {"externalId", value.external_id},
          {"version", value.version},   {"updatedAt", encode_optional(value.updated_at, to_milliseconds)},
          {"deleted", value.deleted},   {"data", value.data}};
}

Result<Record> decode_record(const json::value& value) {
  CodecReader reader(value, "record");
  Record record;
  reader.text("resource", record.resource, kRequired);
  reader.text("externalId", record.external_id, kRequired);
  reader.text("version", record.version);
  reader.time("updatedAt", record.updated_at);
  reader.flag("deleted", record.deleted);
  reader.value("data", record.data);
  return reader.finish(std::move(record));
}

json::value encode(const ListRequest& value) {
  return {{"resource", value.resource},      {"mode", kSyncModes[static_cast<std::size_t>(value.mode)]},
          {"pageCursor", value.page_cursor}, {"checkpoint", value.checkpoint},
          {"pageSize", value.page_size},     {"filters", value.filters}};
}

Result<ListRequest> decode_list_request(const json::value& value) {
  CodecReader reader(value, "list_request");
  ListRequest request;
  reader.text("resource", request.resource, kRequired);
  reader.word("mode", request.mode, kSyncModes);
  reader.text("pageCursor", request.page_cursor);
  reader.text("checkpoint", request.checkpoint);
  reader.integer("pageSize", request.page_size);
  reader.object("filters", request.filters);
  return reader.finish(std::move(request));
}

json::value encode(const Page& value) {
  return {{"records", encode_list<Record>(value.records, encode)},
          {"problems", encode_list<RecordProblem>(value.problems, encode_problem)},
          {"nextCursor", value.next_cursor},
          {"checkpoint", value.checkpoint},
          {"totalEstimate", encode_optional(value.total_estimate, [](std::uint64_t total) { return total; })}};
}

Result<Page> decode_page(const json::value& value) {
  CodecReader reader(value, "page");
  Page page;
  reader.list("records", page.records, decode_record);
  reader.list("problems", page.problems, decode_problem);
  reader.text("nextCursor", page.next_cursor);
  reader.text("checkpoint", page.checkpoint);
  if (const json::value* total = find_member(value, "totalEstimate"); total != nullptr && !total->is_null()) {
    reader.integer("totalEstimate", page.total_estimate.emplace());
  }
  return reader.finish(std::move(page));
}

json::value encode(const WriteRequest& value) {
  return {{"resource", value.resource},
          {"externalId", value.external_id},
          {"data", value.data},
          {"changedFields", encode_texts(value.changed_fields)},
          {"idempotencyKey", value.idempotency_key},
          {"knownVersion", value.known_version}};
}

Result<WriteRequest> decode_write_request(const json::value& value) {
  CodecReader reader(value, "write_request");
  WriteRequest request;
  reader.text("resource", request.resource, kRequired);
  reader.text("externalId", request.external_id);
  reader.value("data", request.data);
  reader.texts("changedFields", request.changed_fields);
  reader.text("idempotencyKey", request.idempotency_key);
  reader.text("knownVersion", request.known_version);
  return reader.finish(std::move(request));
}

json::value encode(const AccountIdentity& value) {
  return {{"accountId", value.account_id},
          {"name", value.name},
          {"scopes", encode_texts(value.scopes)},
          {"details", value.details}};
}

Result<AccountIdentity> decode_account_identity(const json::value& value) {
  CodecReader reader(value, "account_identity");
  AccountIdentity identity;
  reader.text("accountId", identity.account_id, kRequired);
  reader.text("name", identity.name);
  reader.texts("scopes", identity.scopes);
  reader.object("details", identity.details);
  return reader.finish(std::move(identity));
}

json::value encode(const TokenGrant& value) {
  return {{"accessToken", value.access_token},
          {"refreshToken", value.refresh_token},
          {"expiresAt", encode_optional(value.expires_at, to_milliseconds)}};
}

Result<TokenGrant> decode_token_grant(const json::value& value) {
  CodecReader reader(value, "token_grant");
  TokenGrant grant;
  reader.text("accessToken", grant.access_token, kRequired);
  reader.text("refreshToken", grant.refresh_token);
  reader.time("expiresAt", grant.expires_at);
  return reader.finish(std::move(grant));
}

json::value encode(const Health& value) {
  return {{"healthy", value.healthy}, {"message", value.message}, {"details", value.details}};
}

Result<Health> decode_health(const json::value& value) {
  CodecReader reader(value, "health");
  Health health;
  reader.flag("healthy", health.healthy);
  reader.text("message", health.message);
  reader.object("details", health.details);
  return reader.finish(std::move(health));
}

json::value encode(const WebhookRequest& value) {
  return {{"method", value.method},
          {"url", value.url},
          {"headers", encode_headers(value.headers)},
          {"body", base64_encode(value.body)},
          {"receivedAt", to_milliseconds(value.received_at)}};
}

Result<WebhookRequest> decode_webhook_request(const json::value& value) {
  CodecReader reader(value, "webhook_request");
  WebhookRequest request;
  reader.text("method", request.method);
  reader.text("url", request.url);
  reader.headers("headers", request.headers);
  reader.bytes("body", request.body);
  reader.time("receivedAt", request.received_at);
  return reader.finish(std::move(request));
}

json::value encode(const WebhookEvent& value) {
  return {{"topic", value.topic},
          {"eventId", value.event_id},
          {"dedupeKey", value.dedupe_key},
          {"accountId", value.account_id},
          {"resource", value.resource},
          {"externalId", value.external_id},
          {"deleted", value.deleted},
          {"occurredAt", encode_optional(value.occurred_at, to_milliseconds)},
          {"snapshot", encode_optional(value.snapshot, [](const Record& record) { return encode(record); })},
          {"disconnected", value.disconnected}};
}

Result<WebhookEvent> decode_webhook_event(const json::value& value) {
  CodecReader reader(value, "webhook_event");
  WebhookEvent event;
  reader.text("topic", event.topic, kRequired);
  reader.text("eventId", event.event_id);
  reader.text("dedupeKey", event.dedupe_key, kRequired);
  reader.text("accountId", event.account_id);
  reader.text("resource", event.resource);
  reader.text("externalId", event.external_id);
  reader.flag("deleted", event.deleted);
  reader.time("occurredAt", event.occurred_at);
  reader.nested("snapshot", event.snapshot, decode_record);
  reader.flag("disconnected", event.disconnected);
  return reader.finish(std::move(event));
}

json::value encode(const ConnectionSettings& value) {
  return {{"connectionId", value.connection_id},
          {"accountId", value.account_id},
          {"options", detail::encode_text_map(value.options)},
          {"credentials", detail::encode_text_map(value.credentials)}};
}

Result<ConnectionSettings> decode_connection_settings(const json::value& value) {
  CodecReader reader(value, "connection_settings");
  ConnectionSettings settings;
  reader.text("connectionId", settings.connection_id, kRequired);
  reader.text("accountId", settings.account_id);
  reader.text_map("options", settings.options);
  reader.text_map("credentials", settings.credentials);
  return reader.finish(std::move(settings));
}

json::value encode(const CallContext& value) {
  return {{"remainingMs", value.remaining().count()}, {"lane", lane_name(value.lane)}, {"traceId", value.trace_id}};
}

Result<CallContext> decode_call_context(const json::value& value) {
  CodecReader reader(value, "call_context");
  CallContext context;
  std::chrono::milliseconds remaining{0};
  std::string lane;
  reader.duration("remainingMs", remaining, kRequired);
  reader.text("lane", lane);
  reader.text("traceId", context.trace_id);
  // A day bounds what arithmetic on the steady clock can be made to do by the other side.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
  context.deadline = std::chrono::steady_clock::now() + std::clamp(remaining, std::chrono::milliseconds(0), kLongest);
  context.lane = parse_lane(lane);
  return reader.finish(std::move(context));
}

}  // namespace patchbay::sdk
