// The JSON form of every type that a call carries: how a call crosses a pipe, is recorded, replayed or made to fail.
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/description.hpp>
#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/records.hpp>
#include <patchbay/sdk/service_client.hpp>

namespace patchbay::sdk {

// encode: value → JSON. decode_…: JSON → value, kInvalid "codec.<type>" naming the member that is missing or wrong.
// Bodies are carried as base64 (they may be any bytes); times as milliseconds since the epoch (UTC).
json::value encode(const Error& value);
json::value encode(const HttpRequest& value);
json::value encode(const HttpResponse& value);
json::value encode(const Record& value);
json::value encode(const ListRequest& value);
json::value encode(const Page& value);
json::value encode(const WriteRequest& value);
json::value encode(const AccountIdentity& value);
json::value encode(const TokenGrant& value);
json::value encode(const Health& value);
json::value encode(const OutgoingMessage& value);
json::value encode(const SentMessage& value);
json::value encode(const Subscription& value);
json::value encode(const WebhookRequest& value);
json::value encode(const WebhookEvent& value);
json::value encode(const CommandReply& value);
json::value encode(const WebhookAnswer& value);
json::value encode(const Description& value);
json::value encode(const ConnectionSettings& value);
/// Deadline as milliseconds left; the cancel flag itself is carried by a message of its own.
json::value encode(const CallContext& value);

/// The error that was encoded; where it cannot be decoded, that is the error ("codec.error").
Error decode_error(const json::value& value);
Result<HttpRequest> decode_http_request(const json::value& value);
Result<HttpResponse> decode_http_response(const json::value& value);
Result<Record> decode_record(const json::value& value);
Result<ListRequest> decode_list_request(const json::value& value);
Result<Page> decode_page(const json::value& value);
Result<WriteRequest> decode_write_request(const json::value& value);
Result<AccountIdentity> decode_account_identity(const json::value& value);
Result<TokenGrant> decode_token_grant(const json::value& value);
Result<Health> decode_health(const json::value& value);
Result<OutgoingMessage> decode_outgoing_message(const json::value& value);
Result<SentMessage> decode_sent_message(const json::value& value);
Result<Subscription> decode_subscription(const json::value& value);
Result<WebhookRequest> decode_webhook_request(const json::value& value);
Result<WebhookEvent> decode_webhook_event(const json::value& value);
Result<CommandReply> decode_command_reply(const json::value& value);
Result<WebhookAnswer> decode_webhook_answer(const json::value& value);
Result<Description> decode_description(const json::value& value);
Result<ConnectionSettings> decode_connection_settings(const json::value& value);
Result<CallContext> decode_call_context(const json::value& value);

}  // namespace patchbay::sdk
