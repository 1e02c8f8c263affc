#include "client.hpp"

#include "scopes.hpp"

namespace patchbay::google {
namespace {

sdk::Error unknown_resource(const std::string& name) {
  return sdk::permanent_error("google.unknown_resource", "Google has no resource '" + name + "' here");
}

bool is_calendar(const std::string& resource) {
  return resource == kEvents || resource == kJobEvents;
}

sdk::Result<void> check_writable(const std::string& resource) {
  if (is_calendar(resource)) return {};
  return sdk::permanent_error("google.read_only", "Google's " + resource + " are not written as records");
}

}  // namespace

GoogleClient::GoogleClient(const sdk::ConnectionSettings& settings, sdk::HostServices services)
    : api_(settings, services),
      calendar_(api_, settings, services),
      gmail_(api_, settings, services),
      drive_(api_, services),
      channels_(api_, calendar_, drive_, settings, services),
      operations_(calendar_, gmail_, drive_) {}

sdk::Result<sdk::AccountIdentity> GoogleClient::authenticate(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto token, api_.token_info(context));
  sdk::AccountIdentity identity;
  identity.scopes = split_scopes(sdk::string_at(token, "scope"));
  identity.account_id = sdk::string_at(token, "email");
  // A token from elsewhere may lack the scope that tells the address.
  if (identity.account_id.empty() && missing_scopes(identity.scopes, {kGmailScope}).empty()) {
    PATCHBAY_ASSIGN(const auto mailbox, gmail_.profile(context));
    identity.account_id = sdk::string_at(mailbox, "emailAddress");
  }
  if (identity.account_id.empty()) identity.account_id = sdk::string_at(token, "sub");
  identity.name = identity.account_id;
  return identity;
}

sdk::Result<sdk::Page> GoogleClient::list(const sdk::CallContext& context, const sdk::ListRequest& request) {
  if (is_calendar(request.resource)) return calendar_.list(context, request);
  if (request.resource == kMessages) return gmail_.list(context, request);
  if (request.resource == kFiles) return drive_.list(context, request);
  return unknown_resource(request.resource);
}

sdk::Result<sdk::Record> GoogleClient::get(const sdk::CallContext& context, const std::string& resource,
                                           const std::string& external_id) {
  if (is_calendar(resource)) return calendar_.get(context, resource, external_id);
  if (resource == kMessages) return gmail_.get(context, external_id);
  if (resource == kFiles) return drive_.get(context, external_id);
  return unknown_resource(resource);
}

sdk::Result<sdk::Record> GoogleClient::create(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  PATCHBAY_TRY(check_writable(request.resource));
  return calendar_.create(context, request);
}

sdk::Result<sdk::Record> GoogleClient::update(const sdk::CallContext& context, const sdk::WriteRequest& request) {
  PATCHBAY_TRY(check_writable(request.resource));
  return calendar_.update(context, request);
}

sdk::Result<void> GoogleClient::remove(const sdk::CallContext& context, const std::string& resource,
                                       const std::string& external_id) {
  PATCHBAY_TRY(check_writable(resource));
  return calendar_.remove(context, external_id);
}

sdk::Result<sdk::Health> GoogleClient::health_check(const sdk::CallContext& context) {
  PATCHBAY_ASSIGN(const auto identity, authenticate(context));
  sdk::Health health;
  health.healthy = true;
  health.message = "Google answers for " + identity.name;
  sdk::json::array granted, missing;
  for (const std::string& scope : identity.scopes) granted.emplace_back(scope);
  for (const std::string& scope : missing_scopes(identity.scopes, needed_scopes())) {
    missing.emplace_back(scope);
    health.notices.push_back("The permission " + scope + " was not granted, so " + purpose_of(scope) +
                             " cannot be used; authorise the connection again and leave every box ticked.");
  }
  health.details = {{"account", identity.account_id}, {"granted", std::move(granted)}, {"missing", std::move(missing)}};
  return health;
}

sdk::Result<sdk::json::value> GoogleClient::operate(const sdk::CallContext& context, const std::string& name,
                                                    const sdk::json::object& arguments) {
  if (name == "validate_scopes") {
    PATCHBAY_ASSIGN(auto health, health_check(context));
    return sdk::json::value(std::move(health.details));
  }
  return operations_.run(context, name, arguments);
}

sdk::Result<sdk::SentMessage> GoogleClient::send_message(const sdk::CallContext& context,
                                                         const sdk::OutgoingMessage& message) {
  return gmail_.send(context, message);
}

sdk::Result<std::vector<sdk::Subscription>> GoogleClient::list_subscriptions(const sdk::CallContext& context) {
  PATCHBAY_TRY(context.check());
  return channels_.list();
}

sdk::Result<sdk::Subscription> GoogleClient::subscribe(const sdk::CallContext& context,
                                                       const sdk::Subscription& wanted) {
  return channels_.subscribe(context, wanted);
}

sdk::Result<sdk::Subscription> GoogleClient::renew_subscription(const sdk::CallContext& context,
                                                                const sdk::Subscription& subscription) {
  return channels_.renew(context, subscription);
}

sdk::Result<void> GoogleClient::unsubscribe(const sdk::CallContext& context, const sdk::Subscription& subscription) {
  return channels_.unsubscribe(context, subscription);
}

}  // namespace patchbay::google
