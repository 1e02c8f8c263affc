#include "webhook.hpp"

#include "calendar.hpp"
#include "drive.hpp"
#include "gmail.hpp"

namespace patchbay::google {
namespace {

constexpr std::size_t kHeaderMax = 512;

sdk::Error refused(std::string message) {
  return sdk::auth_error("google.webhook", std::move(message));
}

/// Takes as long for any two texts of the same lengths.
bool equal_constant_time(std::string_view left, std::string_view right) {
  unsigned difference = left.size() == right.size() ? 0U : 1U;
  for (std::size_t at = 0; at < left.size(); ++at) {
    const char other = right.empty() ? '\0' : right[at % right.size()];
    difference |= static_cast<unsigned>(static_cast<unsigned char>(left[at]) ^ static_cast<unsigned char>(other));
  }
  return difference == 0;
}

bool is_channel(const sdk::WebhookRequest& request) {
  return sdk::find_header(request.headers, "X-Goog-Channel-ID").has_value();
}

std::string header(const sdk::WebhookRequest& request, std::string_view name) {
  return sdk::find_header(request.headers, name).value_or("").substr(0, kHeaderMax);
}

std::string claim(const sdk::WebhookRequest& request, std::string_view name) {
  return sdk::string_at(sdk::json::value(request.verified_claims), name);
}

/// JSON's true, or the text "true".
bool is_verified(const sdk::json::object& claims) {
  const auto* value = claims.if_contains("email_verified");
  return value != nullptr && sdk::scalar_text(*value).value_or("") == "true";
}

sdk::WebhookEvent resync_of(const std::string& topic, const std::string& resource, const std::string& key) {
  sdk::WebhookEvent event;
  event.topic = topic;
  event.resource = resource;
  event.dedupe_key = key;
  event.resync = true;
  return event;
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_channel(const sdk::WebhookRequest& request) {
  const std::string channel = header(request, "X-Goog-Channel-ID");
  const std::string state = header(request, "X-Goog-Resource-State");
  const std::string number = header(request, "X-Goog-Message-Number");
  const std::string uri = header(request, "X-Goog-Resource-URI");
  if (channel.empty() || state.empty() || number.empty())
    return sdk::invalid_error("google.not_a_notification", "the notification does not name its channel and state");
  const std::string key = "channel:" + channel + ":" + number;
  const bool drive = uri.find("/drive/") != std::string::npos;
  const std::string topic = drive ? "drive" : "calendar";
  if (state == "sync") {  // the channel is there; nothing has changed
    sdk::WebhookEvent event;
    event.topic = topic;
    event.dedupe_key = key;
    return std::vector{std::move(event)};
  }
  if (drive) return std::vector{resync_of(topic, kFiles, key)};
  return std::vector{resync_of(topic, kEvents, key + ":" + kEvents),
                     resync_of(topic, kJobEvents, key + ":" + kJobEvents)};
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_push(const sdk::WebhookRequest& request) {
  PATCHBAY_ASSIGN(const auto body, sdk::parse_json(request.body, {256 * 1024, 16}));
  const std::string message_id = sdk::string_at(body, "message.messageId");
  const auto data = sdk::base64_decode(sdk::string_at(body, "message.data"));
  const auto told = data.ok() ? sdk::parse_json(*data, {64 * 1024, 8}) : sdk::Result<sdk::json::value>(data.error());
  const std::string address = told.ok() ? sdk::string_at(*told, "emailAddress") : std::string();
  if (message_id.empty() || address.empty())
    return sdk::invalid_error("google.not_a_notification", "the body is no Pub/Sub message about a mailbox");
  // The position that it names is the new one: the run reads from where the last one ended.
  sdk::WebhookEvent event = resync_of("gmail", kMessages, "pubsub:" + message_id);
  event.event_id = message_id;
  event.account_id = address;
  if (const auto time = sdk::parse_time(sdk::string_at(body, "message.publishTime")); time.ok())
    event.occurred_at = *time;
  return std::vector{std::move(event)};
}

sdk::Result<void> check_push(const sdk::WebhookRequest& request, const sdk::ConnectionSettings& settings) {
  const std::string audience = settings.credential("pubsubAudience");
  const std::string account = settings.credential("pubsubServiceAccount");
  if (audience.empty() || account.empty())
    return refused("Pub/Sub pushes need the credentials 'pubsubAudience' and 'pubsubServiceAccount'");
  if (request.verified_claims.empty()) return refused("the push carries no verified token");
  const bool right_audience = equal_constant_time(claim(request, "aud"), audience);
  const bool right_account = equal_constant_time(claim(request, "email"), account);
  if (!right_audience) return refused("the push's token is meant for another audience");
  if (!right_account || !is_verified(request.verified_claims))
    return refused("the push's token is not the service account's");
  return {};
}

}  // namespace

std::vector<std::string> webhook_topics() {
  return {"calendar", "gmail", "drive"};
}

sdk::Result<void> check_sender(const sdk::WebhookRequest& request, const sdk::ConnectionSettings& settings) {
  if (!is_channel(request)) return check_push(request, settings);
  const std::string token = settings.credential("channelToken");
  if (token.empty()) return refused("channel notifications need the credential 'channelToken'");
  const auto given = sdk::find_header(request.headers, "X-Goog-Channel-Token");
  if (!given || !equal_constant_time(*given, token)) return refused("the notification's token is not the channel's");
  return {};
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse_notification(const sdk::WebhookRequest& request) {
  return is_channel(request) ? parse_channel(request) : parse_push(request);
}

}  // namespace patchbay::google
