#include "client.hpp"
#include "media.hpp"
#include "signature.hpp"
#include "webhook.hpp"

namespace patchbay::twilio {

class TwilioPlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override;
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<TwilioClient>(settings, services));
  }
  sdk::Result<void> verify_webhook(const sdk::WebhookRequest& request,
                                   const sdk::ConnectionSettings& settings) const override {
    return verify(request, settings);
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    return parse_event(request);
  }
  /// TwiML that says nothing: anything else would be sent to the person as an answer.
  sdk::Result<sdk::WebhookAnswer> answer_webhook(const sdk::WebhookRequest&,
                                                 const std::optional<sdk::CommandReply>&) const override {
    return sdk::WebhookAnswer{200, "text/xml", R"(<?xml version="1.0" encoding="UTF-8"?><Response/>)"};
  }
};

namespace {

sdk::ResourceDescription describe_messages() {
  sdk::ResourceDescription messages;
  messages.name = kMessages;
  messages.entity = "message";
  messages.list = messages.get = messages.remove = messages.incremental = true;
  messages.filters = {"To", "From"};
  return messages;
}

sdk::WebhookDescription describe_webhooks() {
  sdk::WebhookDescription webhooks;
  webhooks.supported = true;
  webhooks.topics = webhook_topics();
  webhooks.answer_within = std::chrono::seconds(15);
  webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kCustom;
  webhooks.signature.header = "X-Twilio-Signature";
  webhooks.signature.key_credential = "authToken";
  return webhooks;
}

std::vector<sdk::CredentialDescription> describe_credentials() {
  return {{"accountSid", "Account SID", "Console → Account → API keys & tokens (AC…)", true},
          {"authToken", "Auth token",
           "Console → Account → API keys & tokens → primary auth token; it signs the webhooks", false},
          {"apiKeySid", "API key SID", "Console → Account → API keys & tokens → Create API key (SK…)", false},
          {"apiKeySecret", "API key secret", "Shown once, when the API key is made", false},
          {"previousAuthToken", "Previous auth token",
           "While the primary auth token is replaced: the other one, so that webhooks of both are taken", false}};
}

std::vector<sdk::OptionDescription> describe_options() {
  return {
      {"apiBase", sdk::OptionKind::kUrl, "https://api.twilio.com", "Where Twilio's API is", {}},
      {"from", sdk::OptionKind::kString, "", "Number (E.164), short code or sender id that messages go out from", {}},
      {"messagingServiceSid", sdk::OptionKind::kString, "", "Messaging Service (MG…) that chooses the sender", {}}};
}

}  // namespace

sdk::Description TwilioPlugin::describe() const {
  sdk::Description description;
  description.name = "twilio";
  description.title = "Twilio";
  description.version = "0.1.0";
  description.documentation_url = "https://www.twilio.com/docs/messaging/api";
  description.auth = sdk::AuthKind::kApiKey;
  description.resources = {describe_messages()};
  description.credentials = describe_credentials();
  description.options = describe_options();
  // Twilio limits calls at once, not calls a second, and tells no figure; the refill only keeps a mistake from running
  // away.
  description.rate_budgets = {{"*", 100, 50, 10}};
  description.webhooks = describe_webhooks();
  description.operations = describe_operations();
  description.channels = {"sms"};
  return description;
}

}  // namespace patchbay::twilio

PATCHBAY_PLUGIN("twilio", patchbay::twilio::TwilioPlugin);
