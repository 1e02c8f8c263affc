// Errors, HTTP messages, records, requests and what webhooks carry.
#include "codec_members.hpp"

#include <patchbay/sdk/codec.hpp>

namespace patchbay::sdk {

using detail::CodecReader;
using detail::Need;
using detail::read_value;
using detail::write_value;

json::value encode(const Error& value) {
  return {{"class", error_class_name(value.error_class)},
          {"code", value.code},
          {"message", value.message},
          {"field", value.field ? json::value(*value.field) : json::value(nullptr)},
          {"retryAfterMs", value.retry_after ? json::value(value.retry_after->count()) : json::value(nullptr)}};
}

Error decode_error(const json::value& value) {
  CodecReader reader(value);
  Error error;
  std::string class_name;
  std::optional<std::string> field;
  reader.type("error");
  reader.member("class", class_name, Need::kRequired);
  reader.member("code", error.code, Need::kRequired);
  reader.member("message", error.message, Need::kRequired);
  reader.member("field", field);
  reader.member("retryAfterMs", error.retry_after);
  error.error_class = parse_error_class(class_name);
  if (field && !field->empty()) error.field = std::move(field);
  auto complete = reader.finish(true);
  return complete.ok() ? error : std::move(complete).error();
}

json::value encode(const HttpRequest& value) {
  return write_value(value);
}
Result<HttpRequest> decode_http_request(const json::value& value) {
  return read_value<HttpRequest>(value);
}

json::value encode(const HttpResponse& value) {
  return write_value(value);
}
Result<HttpResponse> decode_http_response(const json::value& value) {
  return read_value<HttpResponse>(value);
}

json::value encode(const Record& value) {
  return write_value(value);
}
Result<Record> decode_record(const json::value& value) {
  return read_value<Record>(value);
}

json::value encode(const ListRequest& value) {
  return write_value(value);
}
Result<ListRequest> decode_list_request(const json::value& value) {
  return read_value<ListRequest>(value);
}

json::value encode(const Page& value) {
  return write_value(value);
}
Result<Page> decode_page(const json::value& value) {
  return read_value<Page>(value);
}

json::value encode(const WriteRequest& value) {
  return write_value(value);
}
Result<WriteRequest> decode_write_request(const json::value& value) {
  return read_value<WriteRequest>(value);
}

json::value encode(const AccountIdentity& value) {
  return write_value(value);
}
Result<AccountIdentity> decode_account_identity(const json::value& value) {
  return read_value<AccountIdentity>(value);
}

json::value encode(const TokenGrant& value) {
  return write_value(value);
}
Result<TokenGrant> decode_token_grant(const json::value& value) {
  return read_value<TokenGrant>(value);
}

json::value encode(const Health& value) {
  return write_value(value);
}
Result<Health> decode_health(const json::value& value) {
  return read_value<Health>(value);
}

json::value encode(const OutgoingMessage& value) {
  return write_value(value);
}
Result<OutgoingMessage> decode_outgoing_message(const json::value& value) {
  return read_value<OutgoingMessage>(value);
}

json::value encode(const SentMessage& value) {
  return write_value(value);
}
Result<SentMessage> decode_sent_message(const json::value& value) {
  return read_value<SentMessage>(value);
}

json::value encode(const Subscription& value) {
  return write_value(value);
}
Result<Subscription> decode_subscription(const json::value& value) {
  return read_value<Subscription>(value);
}

json::value encode(const WebhookRequest& value) {
  return write_value(value);
}
Result<WebhookRequest> decode_webhook_request(const json::value& value) {
  return read_value<WebhookRequest>(value);
}

json::value encode(const WebhookEvent& value) {
  return write_value(value);
}
Result<WebhookEvent> decode_webhook_event(const json::value& value) {
  return read_value<WebhookEvent>(value);
}

json::value encode(const CommandReply& value) {
  return write_value(value);
}
Result<CommandReply> decode_command_reply(const json::value& value) {
  return read_value<CommandReply>(value);
}

json::value encode(const WebhookAnswer& value) {
  return write_value(value);
}
Result<WebhookAnswer> decode_webhook_answer(const json::value& value) {
  return read_value<WebhookAnswer>(value);
}

json::value encode(const ConnectionSettings& value) {
  return write_value(value);
}
Result<ConnectionSettings> decode_connection_settings(const json::value& value) {
  return read_value<ConnectionSettings>(value);
}

json::value encode(const CallContext& value) {
  return {{"remainingMs", value.remaining().count()}, {"lane", lane_name(value.lane)}, {"traceId", value.trace_id}};
}

Result<CallContext> decode_call_context(const json::value& value) {
  CodecReader reader(value);
  CallContext context;
  std::chrono::milliseconds remaining{0};
  std::string lane;
  reader.type("call_context");
  reader.member("remainingMs", remaining, Need::kRequired);
  reader.member("lane", lane);
  reader.member("traceId", context.trace_id);
  // A day bounds what arithmetic on the steady clock can be made to do by the other side.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
  context.deadline = std::chrono::steady_clock::now() + std::clamp(remaining, std::chrono::milliseconds(0), kLongest);
  context.lane = parse_lane(lane);
  return reader.finish(std::move(context));
}

}  // namespace patchbay::sdk
