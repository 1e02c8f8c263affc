#include <patchbay/sdk/service_client.hpp>

namespace patchbay::sdk {
namespace {

Error unsupported(const std::string& what) {
  return permanent_error("sdk.unsupported", "This connector does not support " + what + ".");
}

std::string value_or_empty(const std::map<std::string, std::string>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

}  // namespace

std::string ConnectionSettings::option(const std::string& name) const {
  return value_or_empty(options, name);
}

std::string ConnectionSettings::credential(const std::string& name) const {
  return value_or_empty(credentials, name);
}

Result<TokenGrant> ServiceClient::refresh_token(const CallContext&, const std::string&) {
  return unsupported("a token refresh of its own");
}

Result<Record> ServiceClient::create(const CallContext&, const WriteRequest& request) {
  return unsupported("creating " + request.resource);
}

Result<Record> ServiceClient::update(const CallContext&, const WriteRequest& request) {
  return unsupported("changing " + request.resource);
}

Result<void> ServiceClient::remove(const CallContext&, const std::string& resource, const std::string&) {
  return unsupported("removing " + resource);
}

Result<json::value> ServiceClient::operate(const CallContext&, const std::string& name, const json::object&) {
  return unsupported("the operation " + name);
}

Result<SentMessage> ServiceClient::send_message(const CallContext&, const OutgoingMessage& message) {
  return unsupported("messages by " + message.channel);
}

Result<std::vector<Subscription>> ServiceClient::list_subscriptions(const CallContext&) {
  return unsupported("webhook registrations");
}

Result<Subscription> ServiceClient::subscribe(const CallContext&, const Subscription&) {
  return unsupported("webhook registrations");
}

Result<Subscription> ServiceClient::renew_subscription(const CallContext&, const Subscription&) {
  return unsupported("renewing webhook registrations");
}

Result<void> ServiceClient::unsubscribe(const CallContext&, const Subscription&) {
  return unsupported("webhook registrations");
}

Result<void> Plugin::verify_webhook(const WebhookRequest&, const ConnectionSettings&) const {
  return unsupported("a webhook signature of its own");
}

Result<std::vector<WebhookEvent>> Plugin::parse_webhook(const WebhookRequest&) const {
  return unsupported("webhooks");
}

Result<WebhookAnswer> Plugin::answer_webhook(const WebhookRequest&, const std::optional<CommandReply>&) const {
  return WebhookAnswer{};
}

Result<std::optional<WebhookAnswer>> Plugin::answer_handshake(const WebhookRequest&) const {
  return std::optional<WebhookAnswer>{};
}

}  // namespace patchbay::sdk
