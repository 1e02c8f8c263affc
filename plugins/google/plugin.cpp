#include "client.hpp"
#include "scopes.hpp"
#include "webhook.hpp"

namespace patchbay::google {

class GooglePlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override;
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<GoogleClient>(settings, services));
  }
  sdk::Result<void> verify_webhook(const sdk::WebhookRequest& request,
                                   const sdk::ConnectionSettings& settings) const override {
    return check_sender(request, settings);
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    return parse_notification(request);
  }
};

namespace {

std::vector<sdk::ResourceDescription> describe_resources() {
  sdk::ResourceDescription events;
  events.name = kEvents;
  events.entity = "appointment";
  events.list = events.get = events.create = events.update = events.remove = true;
  events.incremental = events.reports_deletions = true;
  events.scopes = {kCalendarScope};
  sdk::ResourceDescription jobs = events;
  jobs.name = kJobEvents;
  jobs.entity = "job";
  sdk::ResourceDescription messages;
  messages.name = kMessages;
  messages.entity = "message";
  messages.list = messages.get = messages.incremental = messages.reports_deletions = true;
  messages.scopes = {kGmailScope};
  sdk::ResourceDescription files = messages;
  files.name = kFiles;
  files.entity.clear();
  files.scopes = {kDriveScope};
  return {events, jobs, messages, files};
}

sdk::OAuth2Description describe_oauth() {
  sdk::OAuth2Description oauth;
  oauth.authorize_url = "https://accounts.google.com/o/oauth2/v2/auth";
  oauth.token_url = "https://oauth2.googleapis.com/token";
  // No revoke_url: it would end the grants of every connection of this Cloud project, not of this one.
  oauth.scopes = asked_scopes();
  oauth.pkce = true;
  oauth.default_lifetime = std::chrono::seconds(3599);
  // A refresh token comes with the first consent only, unless consent is asked for again.
  oauth.authorize_parameters = {{"access_type", "offline"}, {"prompt", "consent"}, {"include_granted_scopes", "true"}};
  return oauth;
}

sdk::WebhookDescription describe_webhooks() {
  sdk::WebhookDescription webhooks;
  webhooks.supported = true;
  webhooks.topics = webhook_topics();
  webhooks.answer_within = std::chrono::seconds(10);
  webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kCustom;
  webhooks.signature.header = "X-Goog-Channel-Token";  // not to be kept with what arrived
  webhooks.oidc = sdk::OidcDescription{{"https://accounts.google.com", "accounts.google.com"},
                                       "https://www.googleapis.com/oauth2/v3/certs",
                                       "oidcKeysUrl"};
  webhooks.subscriptions = {true, std::chrono::hours(24)};
  return webhooks;
}

std::vector<sdk::OptionDescription> describe_options() {
  using enum sdk::OptionKind;
  return {{"apiBase", kUrl, "", "One address for all of Google's APIs (a sandbox); empty: Google's own hosts", {}},
          {"calendarId", kString, "primary", "The calendar that is synced", {}},
          {"calendarPastDays", kInteger, "365", "How many days back a first list reaches; 0: all of it", {}},
          {"recurring",
           kEnum,
           "series",
           "Recurring events as one record a series, or each of them",
           {"series", "instances"}},
          {"sendUpdates", kEnum, "none", "Whom Google tells of what the hub writes", {"none", "externalOnly", "all"}},
          {"gmailQuery", kString, "", "Which messages a full list takes, as in Gmail's search (after:2026/01/01)", {}},
          {"pubsubTopic",
           kString,
           "",
           "projects/<project>/topics/<topic> that Gmail publishes to; empty: no Gmail push",
           {}},
          {"watchDrive", kBoolean, "false", "Whether Drive is to tell of its changes", {}},
          {"oidcKeysUrl", kUrl, "", "Where the keys of Pub/Sub's tokens are, instead of Google's", {}}};
}

}  // namespace

sdk::Description GooglePlugin::describe() const {
  sdk::Description description;
  description.name = "google";
  description.title = "Google";
  description.version = "0.1.0";
  description.documentation_url = "https://developers.google.com/workspace";
  description.auth = sdk::AuthKind::kOAuth2;
  description.oauth2 = describe_oauth();
  description.resources = describe_resources();
  description.credentials = {
      {"clientId", "Client ID", "Google Cloud console → APIs & services → Credentials → the OAuth client", true},
      {"clientSecret", "Client secret", "Beside the client ID", true},
      {"channelToken", "Token of push channels", "Any long random text; made by the hub where it is empty", false},
      {"pubsubAudience", "Audience of the Pub/Sub push", "Pub/Sub → the push subscription → Authentication", false},
      {"pubsubServiceAccount", "Service account of the Pub/Sub push",
       "Pub/Sub → the push subscription → Authentication (…@….iam.gserviceaccount.com)", false}};
  description.options = describe_options();
  // Of 600 requests, 6,000 points and 325,000 points a minute and user.
  description.rate_budgets = {{"calendar", 90, 8, 8}, {"gmail", 1'000, 80, 8}, {"drive", 20'000, 5'000, 8}};
  description.webhooks = describe_webhooks();
  description.operations = describe_operations();
  description.channels = {"email"};
  return description;
}

}  // namespace patchbay::google

PATCHBAY_PLUGIN("google", patchbay::google::GooglePlugin);
