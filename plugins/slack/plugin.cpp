#include "client.hpp"
#include "webhook.hpp"

namespace patchbay::slack {

class SlackPlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override;
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<SlackClient>(settings, services));
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    return parse_request(request);
  }
  sdk::Result<sdk::WebhookAnswer> answer_webhook(const sdk::WebhookRequest& request,
                                                 const std::optional<sdk::CommandReply>& reply) const override {
    return answer_request(request, reply);
  }
  sdk::Result<std::optional<sdk::WebhookAnswer>> answer_handshake(const sdk::WebhookRequest& request) const override {
    return answer_certificate_check(request);
  }
};

namespace {

std::vector<sdk::ResourceDescription> describe_resources() {
  sdk::ResourceDescription users, channels, messages;
  users.name = "users";
  users.scopes = {"users:read", "users:read.email"};
  channels.name = "channels";
  channels.scopes = {"channels:read", "groups:read", "im:read", "mpim:read"};
  messages.name = "messages";
  messages.entity = "message";
  messages.scopes = {"channels:history", "groups:history", "im:history", "mpim:history"};
  messages.incremental = true;
  for (auto* resource : {&users, &channels, &messages}) resource->list = resource->get = true;
  return {users, channels, messages};
}

sdk::OAuth2Description describe_oauth() {
  sdk::OAuth2Description oauth;
  oauth.authorize_url = "https://slack.com/oauth/v2/authorize";
  oauth.token_url = "https://slack.com/api/oauth.v2.access";
  oauth.scopes = {"chat:write",    "chat:write.public", "channels:read",    "groups:read",       "im:read",
                  "mpim:read",     "channels:history",  "groups:history",   "im:history",        "mpim:history",
                  "channels:join", "users:read",        "users:read.email", "reactions:read",    "reactions:write",
                  "files:read",    "files:write",       "commands",         "app_mentions:read", "im:write"};
  oauth.scope_separator = ",";
  oauth.client_secret_in_body = false;
  oauth.success_member = "ok";  // refusals come with status 200
  oauth.tokens_expire = false;  // unless rotation is on; then the answer has expires_in
  oauth.rotates_refresh_token = true;
  return oauth;
}

sdk::WebhookDescription describe_webhooks() {
  sdk::WebhookDescription webhooks;
  webhooks.supported = true;
  webhooks.topics = webhook_topics();
  webhooks.answer_within = std::chrono::seconds(3);
  webhooks.carries_snapshot = true;
  webhooks.unsigned_handshake = true;
  webhooks.own_answer = true;  // the challenge, and nothing at all to interactions
  auto& signature = webhooks.signature;
  signature.algorithm = sdk::SignatureDescription::Algorithm::kHmacSha256;
  signature.encoding = sdk::SignatureDescription::Encoding::kHex;
  signature.key_credential = "signingSecret";  // as text, although it looks like hex
  signature.header = "X-Slack-Signature";
  signature.prefix = "v0=";
  signature.timestamp_header = "X-Slack-Request-Timestamp";
  signature.signed_parts = {"v0:", "{timestamp}", ":", "{body}"};
  signature.tolerance = std::chrono::seconds(300);
  return webhooks;
}

/// Slack counts calls by method and minute. A full bucket and a minute's refill together stay below what is allowed.
std::vector<sdk::RateBudgetDescription> describe_budgets() {
  const auto tier = [](const char* method, double calls_per_minute) {
    return sdk::RateBudgetDescription{method, calls_per_minute / 5, calls_per_minute * 0.75 / 60.0, 0};
  };
  std::vector<sdk::RateBudgetDescription> budgets;
  for (const char* method : {"conversations.list", "users.list"}) budgets.push_back(tier(method, 20));
  for (const char* method : {"conversations.history", "conversations.replies", "conversations.info",
                             "conversations.open", "conversations.join", "users.lookupByEmail", "reactions.add",
                             "reactions.remove", "chat.update", "chat.delete"}) {
    budgets.push_back(tier(method, 50));
  }
  for (const char* method : {"files.getUploadURLExternal", "files.completeUploadExternal", "users.info"})
    budgets.push_back(tier(method, 100));
  budgets.push_back({"chat.postMessage", 3, 1, 0});  // about one a second in a channel
  return budgets;
}

std::vector<sdk::CredentialDescription> describe_credentials() {
  return {{"signingSecret", "Signing secret",
           "api.slack.com/apps → your app → Basic Information; checks what Slack sends", false},
          {"botToken", "Bot token",
           "OAuth & Permissions → Bot User OAuth Token (xoxb-…); in place of the authorisation", false},
          {"clientId", "Client ID", "Basic Information → App Credentials; for the authorisation in the browser", false},
          {"clientSecret", "Client secret", "Basic Information → App Credentials", false}};
}

}  // namespace

sdk::Description SlackPlugin::describe() const {
  sdk::Description description;
  description.name = "slack";
  description.title = "Slack";
  description.version = "0.1.0";
  description.documentation_url = "https://docs.slack.dev";
  description.auth = sdk::AuthKind::kOAuth2;
  description.oauth2 = describe_oauth();
  description.resources = describe_resources();
  description.credentials = describe_credentials();
  description.options = {{"apiBase",
                          sdk::OptionKind::kUrl,
                          "https://slack.com",
                          "Where Slack's API is (GovSlack: https://slack-gov.com)",
                          {}},
                         {"rereadHours",
                          sdk::OptionKind::kInteger,
                          "48",
                          "How far back an incremental run reads again, for edits whose event was lost",
                          {}}};
  description.rate_budgets = describe_budgets();
  description.webhooks = describe_webhooks();
  description.operations = Operations::describe();
  description.channels = {"slack"};
  return description;
}

}  // namespace patchbay::slack

PATCHBAY_PLUGIN("slack", patchbay::slack::SlackPlugin);
