#include "engine/plugins/description_check.hpp"

#include <algorithm>
#include <set>

namespace patchbay::plugins {
namespace {

using Problems = std::vector<std::string>;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 50 && text.front() >= 'a' && text.front() <= 'z' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

void check_resource(const sdk::Description& description, const sdk::ResourceDescription& resource, Problems& problems) {
  const std::string name = "resource '" + resource.name + "'";
  if (!is_name(resource.name)) problems.push_back(name + " has a name that is not lower case letters, digits, _ and -");
  if (resource.list && !resource.get) problems.push_back(name + " can list but not get");
  if (resource.get && !resource.list) problems.push_back(name + " can get but not list");
  if (resource.create && !resource.update) problems.push_back(name + " can create but not update");
  if (resource.update && !resource.create) problems.push_back(name + " can update but not create");
  if (resource.create && !resource.get) problems.push_back(name + " can be written but not read");
  if (resource.incremental && !resource.list) problems.push_back(name + " is incremental but cannot list");
  for (const std::string& other : resource.depends_on) {
    if (description.find_resource(other) == nullptr || other == resource.name) {
      problems.push_back(name + " depends on '" + other + "', which is not another resource of this plugin");
    }
  }
}

void check_oauth2(const sdk::OAuth2Description& oauth2, Problems& problems) {
  if (oauth2.token_url.empty()) problems.push_back("OAuth 2.0 needs a token_url");
  const bool asks_owner = oauth2.grant == sdk::OAuth2Description::Grant::kAuthorizationCode;
  if (asks_owner && oauth2.authorize_url.empty()) problems.push_back("an authorization code needs an authorize_url");
  if (!asks_owner && !oauth2.account_callback_parameter.empty())
    problems.push_back("client credentials have no callback that could name the account");
  for (const auto& [name, value] : oauth2.authorize_parameters) {
    static const std::set<std::string> kOwned = {"response_type", "client_id",      "redirect_uri",         "scope",
                                                 "state",         "code_challenge", "code_challenge_method"};
    if (name.empty() || kOwned.count(name) != 0)
      problems.push_back("the authorize parameter '" + name + "' is the host's own");
  }
}

void check_auth(const sdk::Description& description, Problems& problems) {
  const bool oauth = description.auth == sdk::AuthKind::kOAuth2;
  if (oauth && !description.oauth2) problems.push_back("auth is OAuth 2.0 but its endpoints are not described");
  if (!oauth && description.oauth2) problems.push_back("OAuth 2.0 endpoints are described but auth is another kind");
  if (description.oauth2) check_oauth2(*description.oauth2, problems);
  if (description.auth == sdk::AuthKind::kApiKey && description.credentials.empty()) {
    problems.push_back("auth is by API key but no credential is described");
  }
}

void check_oidc(const sdk::Description& description, Problems& problems) {
  const sdk::OidcDescription& oidc = *description.webhooks.oidc;
  if (oidc.issuers.empty()) problems.push_back("webhooks come with a token of no named issuer");
  if (oidc.keys_url.empty()) problems.push_back("webhooks come with a token but the issuer's keys_url is not named");
  const bool known_option =
      oidc.keys_url_option.empty() ||
      std::any_of(description.options.begin(), description.options.end(), [&](const auto& option) {
        return option.name == oidc.keys_url_option && option.kind == sdk::OptionKind::kUrl;
      });
  if (!known_option)
    problems.push_back("the option '" + oidc.keys_url_option + "' of the issuer's keys is not a described URL");
  // The claims are compared by the plugin, and by nothing else.
  if (description.webhooks.signature.algorithm != sdk::SignatureDescription::Algorithm::kCustom)
    problems.push_back("webhooks with a token of the sender need a signature check of the plugin's own");
}

void check_webhooks(const sdk::Description& description, Problems& problems) {
  const sdk::WebhookDescription& webhooks = description.webhooks;
  if (!webhooks.supported) {
    if (webhooks.subscriptions.supported)
      problems.push_back("webhook registrations are kept but webhooks are not supported");
    return;
  }
  if (webhooks.oidc) check_oidc(description, problems);
  if (webhooks.subscriptions.renew_before.count() < 0) problems.push_back("renew_before is negative");
  if (webhooks.topics.empty()) problems.push_back("webhooks are supported but no topic is named");
  const sdk::SignatureDescription& signature = webhooks.signature;
  using Algorithm = sdk::SignatureDescription::Algorithm;
  if (signature.algorithm == Algorithm::kNone || signature.algorithm == Algorithm::kCustom) return;
  if (signature.header.empty()) problems.push_back("the webhook signature's header is not named");
  const bool known_key =
      std::any_of(description.credentials.begin(), description.credentials.end(),
                  [&](const auto& credential) { return credential.name == signature.key_credential; });
  if (!known_key)
    problems.push_back("the webhook signature's key '" + signature.key_credential + "' is not a described credential");
  if (signature.tolerance.count() > 0 && signature.timestamp_list_key.empty() && signature.timestamp_header.empty()) {
    problems.push_back("the webhook signature has a tolerance but no timestamp");
  }
}

template <typename Items, typename NameOf>
void check_unique(const Items& items, const char* what, NameOf name_of, Problems& problems) {
  std::set<std::string> seen;
  for (const auto& item : items) {
    if (!seen.insert(name_of(item)).second)
      problems.push_back(std::string(what) + " '" + name_of(item) + "' stands twice");
  }
}

}  // namespace

sdk::Result<void> check_description(const sdk::Description& description, std::string_view file_name) {
  Problems problems;
  if (!is_name(description.name))
    problems.push_back("its name '" + description.name + "' is not lower case letters, digits, _ and -");
  if (description.name != file_name) {
    problems.push_back("it calls itself '" + description.name + "' but the file is '" + std::string(file_name) +
                       ".so'");
  }
  if (description.version.empty()) problems.push_back("it has no version");
  if (description.resources.empty()) problems.push_back("it describes no resource");
  for (const auto& resource : description.resources) check_resource(description, resource, problems);
  const auto name_of = [](const auto& item) { return item.name; };
  check_unique(description.resources, "resource", name_of, problems);
  check_unique(description.credentials, "credential", name_of, problems);
  check_unique(description.options, "option", name_of, problems);
  const auto itself = [](const std::string& item) { return item; };
  check_unique(description.channels, "channel", itself, problems);
  for (const std::string& channel : description.channels) {
    if (!is_name(channel)) problems.push_back("channel '" + channel + "' is not lower case letters, digits, _ and -");
  }
  check_auth(description, problems);
  check_webhooks(description, problems);
  if (problems.empty()) return {};
  std::string text = "its description is not whole: ";
  for (std::size_t index = 0; index < problems.size(); ++index) text += (index == 0 ? "" : "; ") + problems[index];
  return sdk::permanent_error("plugin.describe", text);
}

}  // namespace patchbay::plugins
