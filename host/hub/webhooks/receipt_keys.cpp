#include "hub/webhooks/receipt_keys.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/codec.hpp>
#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>

namespace patchbay::webhooks {
namespace {

constexpr std::size_t kKeyBytesMax = 200;
constexpr std::size_t kTopicBytesMax = 200;
constexpr std::size_t kHeadersMax = 40;
constexpr std::size_t kHeaderBytesMax = 1'024;
constexpr std::array<std::string_view, 6> kSecretHeaders = {
    "Authorization", "Cookie", "X-API-Key", "Proxy-Authorization", "Sec-WebSocket-Protocol", "Connection"};

/// Keys stand in indexes: long ones, and ones that are no clean text, by their hash.
std::string bounded(std::string_view text) {
  if (text.size() <= kKeyBytesMax && sdk::is_clean_utf8(text)) return std::string(text);
  return "sha256:" + sdk::hex_encode(base::sha256(text));
}

std::string bounded_topic(std::string_view topic) {
  if (!sdk::is_clean_utf8(topic)) return "unreadable";
  if (topic.size() <= kTopicBytesMax) return std::string(topic);
  return bounded(topic);
}

/// "X-Goog-Channel-Token", "X-Twilio-Signature": whatever a service calls it.
bool names_a_secret(std::string_view header) {
  std::string name(header);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* word : {"token", "signature", "secret", "password"}) {
    if (name.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::string dedupe_key_of(const std::string& connection_id, const sdk::WebhookEvent& event, std::string_view body) {
  if (!event.dedupe_key.empty()) return connection_id + ":" + bounded(event.dedupe_key);
  if (!event.event_id.empty()) return connection_id + ":" + bounded(event.event_id);
  return connection_id + ":body:" + sdk::hex_encode(base::sha256(body)) + ":" +
         bounded(event.resource + "/" + event.external_id);
}

std::string lane_key_of(const std::string& connection_id, const sdk::WebhookEvent& event,
                        const std::string& dedupe_key) {
  if (event.resource.empty() || event.external_id.empty()) return "event|" + dedupe_key;
  return connection_id + "|" + bounded(event.resource) + "|" + bounded(event.external_id);
}

Receipt make_receipt(const std::string& connection_id, const sdk::WebhookEvent& event, std::string_view body,
                     bool whole_body) {
  Receipt receipt;
  receipt.connection_id = connection_id;
  receipt.dedupe_key = dedupe_key_of(connection_id, event, body);
  receipt.lane_key = lane_key_of(connection_id, event, receipt.dedupe_key);
  receipt.own_event_id = !event.event_id.empty();
  receipt.topic = bounded_topic(event.topic);
  if (whole_body) {
    receipt.body = body;
  } else {
    receipt.event = sdk::json::serialize(sdk::encode(event));
  }
  return receipt;
}

Receipt make_unread_receipt(const std::string& connection_id, std::string_view body) {
  Receipt receipt = make_receipt(connection_id, sdk::WebhookEvent{}, body, true);
  receipt.own_event_id = true;  // the same bytes again are a repeat
  return receipt;
}

std::string stored_headers(const sdk::Headers& headers, std::string_view signature_header) {
  sdk::json::object kept;
  for (const auto& [name, value] : headers) {
    if (kept.size() >= kHeadersMax) break;
    if (name.size() > kHeaderBytesMax || value.size() > kHeaderBytesMax) continue;
    if (!sdk::is_clean_utf8(name) || !sdk::is_clean_utf8(value)) continue;
    bool secret = sdk::equals_ignoring_case(name, signature_header) || names_a_secret(name);
    for (const std::string_view hidden : kSecretHeaders) secret = secret || sdk::equals_ignoring_case(name, hidden);
    if (!secret) kept.emplace(name, value);
  }
  return sdk::json::serialize(kept);
}

}  // namespace patchbay::webhooks
