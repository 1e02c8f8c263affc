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

Result<void> Plugin::verify_webhook(const WebhookRequest&, const ConnectionSettings&) const {
  return unsupported("a webhook signature of its own");
}

Result<std::vector<WebhookEvent>> Plugin::parse_webhook(const WebhookRequest&) const {
  return unsupported("webhooks");
}

}  // namespace patchbay::sdk
