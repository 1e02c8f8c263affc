#include "client.hpp"
#include "operations.hpp"
#include "webhook.hpp"

namespace patchbay::quickbooks {

class QuickBooksPlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override;
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<QuickBooksClient>(settings, services));
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    return parse_events(request);
  }
};

namespace {

constexpr const char* kScope = "com.intuit.quickbooks.accounting";

std::vector<sdk::ResourceDescription> describe_resources() {
  std::vector<sdk::ResourceDescription> described;
  for (const Resource& resource : resources()) {
    sdk::ResourceDescription description;
    description.name = resource.name;
    description.entity = resource.entity;
    description.depends_on = resource.depends_on;
    description.list = description.get = description.create = description.update = true;
    description.remove = resource.removal != Removal::kNever;
    description.incremental = true;
    // What a name list loses is made inactive, which is a change.
    description.reports_deletions = resource.removal == Removal::kDelete;
    description.scopes = {kScope};
    described.push_back(std::move(description));
  }
  return described;
}

sdk::OAuth2Description describe_oauth() {
  sdk::OAuth2Description oauth;
  oauth.authorize_url = "https://appcenter.intuit.com/connect/oauth2";
  oauth.token_url = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer";
  oauth.revoke_url = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke";
  oauth.scopes = {kScope};
  oauth.client_secret_in_body = false;
  oauth.rotates_refresh_token = true;
  oauth.default_lifetime = std::chrono::hours(1);
  // The only place where QuickBooks tells which company it is.
  oauth.account_callback_parameter = "realmId";
  return oauth;
}

sdk::WebhookDescription describe_webhooks() {
  sdk::WebhookDescription webhooks;
  webhooks.supported = true;
  webhooks.topics = webhook_topics();
  webhooks.answer_within = std::chrono::seconds(3);
  webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kHmacSha256;
  webhooks.signature.encoding = sdk::SignatureDescription::Encoding::kBase64;
  webhooks.signature.key_credential = "webhookVerifierToken";
  webhooks.signature.header = "intuit-signature";
  return webhooks;
}

}  // namespace

sdk::Description QuickBooksPlugin::describe() const {
  sdk::Description description;
  description.name = "quickbooks";
  description.title = "QuickBooks Online";
  description.version = "0.1.0";
  description.documentation_url = "https://developer.intuit.com/app/developer/qbo/docs/get-started";
  description.auth = sdk::AuthKind::kOAuth2;
  description.oauth2 = describe_oauth();
  description.resources = describe_resources();
  description.credentials = {
      {"clientId", "Client ID", "developer.intuit.com → your app → Keys & credentials", true},
      {"clientSecret", "Client secret", "developer.intuit.com → your app → Keys & credentials", true},
      {"webhookVerifierToken", "Webhook verifier token",
       "developer.intuit.com → your app → Webhooks → Show verifier token; it is not the client secret", false},
      {"realmId", "Company ID",
       "Only where tokens are given instead of an authorisation: QuickBooks → Settings → "
       "Account and settings → Billing & subscription",
       false}};
  description.options = {{"apiBase",
                          sdk::OptionKind::kUrl,
                          "https://quickbooks.api.intuit.com",
                          "Where the API is; https://sandbox-quickbooks.api.intuit.com for Intuit's sandbox companies",
                          {}},
                         {"minorVersion", sdk::OptionKind::kInteger, "75", "minorversion sent with every request", {}}};
  // Of 10 calls a second and 500 a minute: at most 9 in any second, 481 in any minute. Of 40 batches a minute: 39.
  description.rate_budgets = {{"*", 1, 8, 8}, {"batch", 3, 0.6, 2}};
  description.webhooks = describe_webhooks();
  description.operations = describe_operations();
  return description;
}

}  // namespace patchbay::quickbooks

PATCHBAY_PLUGIN("quickbooks", patchbay::quickbooks::QuickBooksPlugin);
