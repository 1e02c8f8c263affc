#include "client.hpp"
#include "resources.hpp"
#include "webhook.hpp"

namespace patchbay::jobber {

class JobberPlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override;
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<JobberClient>(settings, services));
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    return parse_event(request);
  }
};

namespace {

std::vector<sdk::ResourceDescription> describe_resources() {
  std::vector<sdk::ResourceDescription> described;
  for (const Resource& resource : resources()) {
    sdk::ResourceDescription description;
    description.name = resource.name;
    description.entity = resource.entity;
    description.depends_on = resource.depends_on;
    description.list = description.get = description.incremental = true;
    description.create = description.update = resource.writable;
    description.remove = resource.removable;
    description.scopes = resource.scopes;
    described.push_back(std::move(description));
  }
  return described;
}

/// Scopes are ticked in the Developer Center; the authorize URL has no scope parameter.
sdk::OAuth2Description describe_oauth() {
  sdk::OAuth2Description oauth;
  oauth.authorize_url = "https://api.getjobber.com/api/oauth/authorize";
  oauth.token_url = "https://api.getjobber.com/api/oauth/token";
  oauth.client_secret_in_body = true;
  oauth.rotates_refresh_token = true;
  oauth.default_lifetime = std::chrono::hours(1);
  return oauth;
}

sdk::WebhookDescription describe_webhooks() {
  sdk::WebhookDescription webhooks;
  webhooks.supported = true;
  webhooks.topics = webhook_topics();
  webhooks.answer_within = std::chrono::seconds(1);
  webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kHmacSha256;
  webhooks.signature.encoding = sdk::SignatureDescription::Encoding::kBase64;
  webhooks.signature.key_credential = "clientSecret";
  webhooks.signature.header = "X-Jobber-Hmac-SHA256";
  return webhooks;
}

}  // namespace

sdk::Description JobberPlugin::describe() const {
  sdk::Description description;
  description.name = "jobber";
  description.title = "Jobber";
  description.version = "0.1.0";
  description.documentation_url = "https://developer.getjobber.com/docs";
  description.auth = sdk::AuthKind::kOAuth2;
  description.oauth2 = describe_oauth();
  description.resources = describe_resources();
  description.credentials = {
      {"clientId", "Client ID", "Developer Center → your app", true},
      {"clientSecret", "Client secret", "Developer Center → your app; it also signs the webhooks", true}};
  description.options = {
      {"apiBase", sdk::OptionKind::kUrl, "https://api.getjobber.com", "Where Jobber's API is", {}},
      {"apiVersion", sdk::OptionKind::kString, "2025-04-16", "X-JOBBER-GRAPHQL-VERSION sent with every request", {}}};
  // 2500 requests in 300 s; the query cost bucket is read from each answer instead.
  description.rate_budgets = {{"*", 1250, 2500.0 / 300.0, 8}};
  description.webhooks = describe_webhooks();
  return description;
}

}  // namespace patchbay::jobber

PATCHBAY_PLUGIN("jobber", patchbay::jobber::JobberPlugin);
