#include "client.hpp"
#include "resources.hpp"
#include "webhook.hpp"

namespace patchbay::stripe {

class StripePlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override;
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<StripeClient>(settings, services));
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
    description.list = description.get = true;
    description.create = description.update = resource.writable;
    description.remove = resource.removable;
    description.incremental = description.reports_deletions = true;
    described.push_back(std::move(description));
  }
  return described;
}

sdk::WebhookDescription describe_webhooks() {
  sdk::WebhookDescription webhooks;
  webhooks.supported = true;
  webhooks.carries_snapshot = true;
  webhooks.topics = webhook_topics();
  webhooks.answer_within = std::chrono::seconds(10);
  webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kHmacSha256;
  webhooks.signature.encoding = sdk::SignatureDescription::Encoding::kHex;
  webhooks.signature.key_credential = "webhookSecret";  // as plain text, whsec_ included
  webhooks.signature.header = "Stripe-Signature";
  webhooks.signature.list_key = "v1";
  webhooks.signature.timestamp_list_key = "t";
  webhooks.signature.signed_parts = {"{timestamp}", ".", "{body}"};
  webhooks.signature.tolerance = std::chrono::seconds(300);
  return webhooks;
}

/// 25 requests a second and endpoint by default; spent at 20 so that others who use the account have room.
std::vector<sdk::RateBudgetDescription> describe_budgets() {
  std::vector<sdk::RateBudgetDescription> budgets{{"*", 80, 80, 20}};
  for (const Resource& resource : resources()) {
    for (const char* call : {"GET /v1/%", "POST /v1/%", "GET /v1/%/{id}", "POST /v1/%/{id}"}) {
      std::string group = call;
      group.replace(group.find('%'), 1, resource.name);
      budgets.push_back({group, 20, 20, 0});
    }
  }
  budgets.push_back({"GET /v1/events", 20, 20, 0});
  for (const char* group : {"GET /v1/invoice_payments", "GET /v1/disputes", "POST /v1/invoices/{id}/attach_payment"})
    budgets.push_back({group, 20, 20, 0});
  return budgets;
}

}  // namespace

sdk::Description StripePlugin::describe() const {
  sdk::Description description;
  description.name = "stripe";
  description.title = "Stripe";
  description.version = "0.1.0";
  description.documentation_url = "https://docs.stripe.com/api";
  description.auth = sdk::AuthKind::kApiKey;
  description.resources = describe_resources();
  description.credentials = {{"secretKey", "Secret or restricted key",
                              "Dashboard → Developers → API keys; a restricted key (rk_…) is enough", true},
                             {"webhookSecret", "Signing secret of the webhook endpoint",
                              "Dashboard → Developers → Webhooks → the endpoint (whsec_…)", false}};
  description.options = {
      {"apiBase", sdk::OptionKind::kUrl, "https://api.stripe.com", "Where Stripe's API is", {}},
      {"apiVersion", sdk::OptionKind::kString, "2026-07-29.dahlia", "Stripe-Version sent with every request", {}},
      {"account", sdk::OptionKind::kString, "", "Connected account to act on (acct_…), with a platform's key", {}}};
  description.rate_budgets = describe_budgets();
  description.webhooks = describe_webhooks();
  description.operations = {{kAttachPayment,
                             "Credits the payment of a payment intent to an invoice of the same customer",
                             {{"invoice", sdk::OptionKind::kString, "", "Id of the invoice (in_…)", {}},
                              {"paymentIntent", sdk::OptionKind::kString, "", "Id of the payment intent (pi_…)", {}}}}};
  return description;
}

}  // namespace patchbay::stripe

PATCHBAY_PLUGIN("stripe", patchbay::stripe::StripePlugin);
