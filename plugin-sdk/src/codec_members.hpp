// The members of every type that a call carries, once for both directions.
#pragma once

#include "codec_writer.hpp"

#include <patchbay/sdk/service_client.hpp>

namespace patchbay::sdk::detail {

inline constexpr std::string_view kSyncModes[] = {"incremental", "full"};

template <typename Codec>
void members(Codec& codec, Bound<Codec, BodyFile>& file) {
  codec.type("body_file");
  codec.member("descriptor", file.descriptor, Need::kRequired);
  codec.member("sizeBytes", file.size_bytes, Need::kRequired);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, HttpRequest>& request) {
  codec.type("http_request");
  codec.member("method", request.method, Need::kRequired);
  codec.member("url", request.url, Need::kRequired);
  codec.member("headers", request.headers);
  codec.bytes("body", request.body);
  codec.member("bodyFile", request.body_file);
  codec.member("limitGroup", request.limit_group);
  codec.member("cost", request.cost);
  codec.member("retrySafe", request.retry_safe);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, HttpResponse>& response) {
  codec.type("http_response");
  codec.member("status", response.status, Need::kRequired);
  codec.member("headers", response.headers);
  codec.bytes("body", response.body);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, Record>& record) {
  codec.type("record");
  codec.member("resource", record.resource, Need::kRequired);
  codec.member("externalId", record.external_id, Need::kRequired);
  codec.member("version", record.version);
  codec.member("updatedAt", record.updated_at);
  codec.member("deleted", record.deleted);
  codec.member("data", record.data);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, ListRequest>& request) {
  codec.type("list_request");
  codec.member("resource", request.resource, Need::kRequired);
  codec.word("mode", request.mode, kSyncModes);
  codec.member("pageCursor", request.page_cursor);
  codec.member("checkpoint", request.checkpoint);
  codec.member("pageSize", request.page_size);
  codec.member("filters", request.filters);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, RecordProblem>& problem) {
  codec.type("record_problem");
  codec.member("externalId", problem.external_id);
  codec.member("message", problem.message, Need::kRequired);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, Page>& page) {
  codec.type("page");
  codec.member("records", page.records);
  codec.member("problems", page.problems);
  codec.member("nextCursor", page.next_cursor);
  codec.member("checkpoint", page.checkpoint);
  codec.member("totalEstimate", page.total_estimate);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, WriteRequest>& request) {
  codec.type("write_request");
  codec.member("resource", request.resource, Need::kRequired);
  codec.member("externalId", request.external_id);
  codec.member("data", request.data);
  codec.member("changedFields", request.changed_fields);
  codec.member("idempotencyKey", request.idempotency_key);
  codec.member("knownVersion", request.known_version);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, AccountIdentity>& identity) {
  codec.type("account_identity");
  codec.member("accountId", identity.account_id, Need::kRequired);
  codec.member("name", identity.name);
  codec.member("scopes", identity.scopes);
  codec.member("details", identity.details);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, TokenGrant>& grant) {
  codec.type("token_grant");
  codec.member("accessToken", grant.access_token, Need::kRequired);
  codec.member("refreshToken", grant.refresh_token);
  codec.member("expiresAt", grant.expires_at);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, Health>& health) {
  codec.type("health");
  codec.member("healthy", health.healthy);
  codec.member("message", health.message);
  codec.member("details", health.details);
  codec.member("notices", health.notices);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, MessageAttachment>& attachment) {
  codec.type("message_attachment");
  codec.member("name", attachment.name);
  codec.member("contentType", attachment.content_type);
  codec.bytes("content", attachment.content);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, OutgoingMessage>& message) {
  codec.type("outgoing_message");
  codec.member("channel", message.channel, Need::kRequired);
  codec.member("from", message.from);
  codec.member("to", message.to);
  codec.member("subject", message.subject);
  codec.member("text", message.text);
  codec.member("html", message.html);
  codec.member("threadId", message.thread_id);
  codec.member("attachments", message.attachments);
  codec.member("options", message.options);
  codec.member("idempotencyKey", message.idempotency_key);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, SentMessage>& message) {
  codec.type("sent_message");
  codec.member("externalId", message.external_id, Need::kRequired);
  codec.member("threadId", message.thread_id);
  codec.member("record", message.record);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, Subscription>& subscription) {
  codec.type("subscription");
  codec.member("externalId", subscription.external_id);
  codec.member("url", subscription.url);
  codec.member("subject", subscription.subject);
  codec.member("topics", subscription.topics);
  codec.member("expiresAt", subscription.expires_at);
  codec.member("credentials", subscription.credentials);
  codec.member("details", subscription.details);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, WebhookRequest>& request) {
  codec.type("webhook_request");
  codec.member("method", request.method);
  codec.member("url", request.url);
  codec.member("headers", request.headers);
  codec.bytes("body", request.body);
  codec.member("receivedAt", request.received_at);
  codec.member("verifiedClaims", request.verified_claims);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, WebhookCommand>& command) {
  codec.type("webhook_command");
  codec.member("text", command.text);
  codec.member("userId", command.user_id);
  codec.member("channel", command.channel);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, CommandReply>& reply) {
  codec.type("command_reply");
  codec.member("ok", reply.ok);
  codec.member("title", reply.title);
  codec.member("lines", reply.lines);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, WebhookAnswer>& answer) {
  codec.type("webhook_answer");
  codec.member("status", answer.status, Need::kRequired);
  codec.member("contentType", answer.content_type);
  codec.bytes("body", answer.body);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, WebhookEvent>& event) {
  codec.type("webhook_event");
  codec.member("topic", event.topic, Need::kRequired);
  codec.member("eventId", event.event_id);
  codec.member("dedupeKey", event.dedupe_key, Need::kRequired);
  codec.member("accountId", event.account_id);
  codec.member("resource", event.resource);
  codec.member("externalId", event.external_id);
  codec.member("deleted", event.deleted);
  codec.member("occurredAt", event.occurred_at);
  codec.member("snapshot", event.snapshot);
  codec.member("disconnected", event.disconnected);
  codec.member("command", event.command);
  codec.member("resync", event.resync);
}

template <typename Codec>
void members(Codec& codec, Bound<Codec, ConnectionSettings>& settings) {
  codec.type("connection_settings");
  codec.member("connectionId", settings.connection_id, Need::kRequired);
  codec.member("accountId", settings.account_id);
  codec.member("options", settings.options);
  codec.member("credentials", settings.credentials);
}

}  // namespace patchbay::sdk::detail
