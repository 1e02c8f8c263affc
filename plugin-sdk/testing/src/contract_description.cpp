#include <patchbay/sdk/testing/contract.hpp>

#include <algorithm>
#include <charconv>
#include <set>

namespace patchbay::sdk::testing {
namespace {

bool is_word(const std::string& text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

bool is_version(const std::string& text) {
  return std::count(text.begin(), text.end(), '.') == 2 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string::npos && text.find_first_not_of("0123456789.") == std::string::npos;
}

bool is_integer(const std::string& text) {
  long long value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() && end == text.data() + text.size();
}

void check_resources(const Description& description, Violations& found) {
  std::set<std::string> before;
  if (description.resources.empty()) found.push_back("no resource is declared");
  for (const auto& resource : description.resources) {
    const std::string name = "resource '" + resource.name + "' ";
    if (!is_word(resource.name)) found.push_back(name + "has no plain name");
    if (resource.list != resource.get) found.push_back(name + "has half of reading: list and get belong together");
    if (resource.create != resource.update) found.push_back(name + "has half of writing: create and update");
    if (resource.incremental && !resource.list) found.push_back(name + "is incremental without a list");
    if (resource.reports_deletions && !resource.incremental)
      found.push_back(name + "reports deletions without being incremental");
    for (const auto& needed : resource.depends_on) {
      if (before.count(needed) == 0)
        found.push_back(name + "depends on '" + needed + "', which does not come before it");
    }
    if (!before.insert(resource.name).second) found.push_back(name + "is declared twice");
  }
}

void check_option(const OptionDescription& option, Violations& found) {
  const std::string name = "option '" + option.name + "' ";
  const std::string& value = option.default_value;
  if (option.help.empty()) found.push_back(name + "has no help");
  if (option.kind == OptionKind::kEnum &&
      std::find(option.values.begin(), option.values.end(), value) == option.values.end())
    found.push_back(name + "has a default that is not among its values");
  if (value.empty()) return;
  if (option.kind == OptionKind::kBoolean && value != "true" && value != "false")
    found.push_back(name + "has a default that is no boolean");
  if (option.kind == OptionKind::kInteger && !is_integer(value))
    found.push_back(name + "has a default that is no integer");
  if (option.kind == OptionKind::kUrl && value.rfind("https://", 0) != 0)
    found.push_back(name + "has a default that is no https URL");
}

void check_auth(const Description& description, Violations& found) {
  std::set<std::string> credentials;
  for (const auto& credential : description.credentials) {
    if (!credentials.insert(credential.name).second)
      found.push_back("credential '" + credential.name + "' is declared twice");
    if (credential.label.empty() || credential.help.empty())
      found.push_back("credential '" + credential.name + "' has no label or does not say where it is found");
  }
  if (description.auth == AuthKind::kApiKey && credentials.empty()) found.push_back("an API key needs a credential");
  if ((description.auth == AuthKind::kOAuth2) != description.oauth2.has_value())
    found.push_back("OAuth 2.0 and its description belong together");
  if (description.oauth2 && (description.oauth2->authorize_url.rfind("https://", 0) != 0 ||
                             description.oauth2->token_url.rfind("https://", 0) != 0))
    found.push_back("OAuth 2.0 needs https URLs for authorisation and tokens");
  const auto& signature = description.webhooks.signature;
  const bool by_host = signature.algorithm == SignatureDescription::Algorithm::kHmacSha256 ||
                       signature.algorithm == SignatureDescription::Algorithm::kHmacSha1;
  if (!description.webhooks.supported) return;
  if (description.webhooks.topics.empty()) found.push_back("webhooks are supported but no topic is declared");
  const std::set<std::string> topics(description.webhooks.topics.begin(), description.webhooks.topics.end());
  if (topics.size() != description.webhooks.topics.size()) found.push_back("a webhook topic is declared twice");
  if (by_host && credentials.count(signature.key_credential) == 0)
    found.push_back("the webhook signature's key '" + signature.key_credential + "' is not a credential");
  if (by_host && signature.header.empty()) found.push_back("the webhook signature has no header");
}

}  // namespace

Violations check_description(const Plugin& plugin) {
  Violations found;
  const Description description = plugin.describe();
  if (!is_word(description.name)) found.push_back("the name is not a lower-case word");
  if (description.title.empty()) found.push_back("there is no title");
  if (description.version.empty() || !is_version(description.version))
    found.push_back("'" + description.version + "' is no semantic version");
  check_resources(description, found);
  check_auth(description, found);
  std::set<std::string> names;
  for (const auto& option : description.options) {
    if (!names.insert(option.name).second) found.push_back("option '" + option.name + "' is declared twice");
    check_option(option, found);
  }
  std::set<std::string> groups;
  for (const auto& budget : description.rate_budgets) {
    if (!groups.insert(budget.group).second) found.push_back("rate budget '" + budget.group + "' is declared twice");
    if (budget.capacity < 1 || budget.refill_per_second <= 0)
      found.push_back("rate budget '" + budget.group + "' never lets a call pass");
  }
  return found;
}

}  // namespace patchbay::sdk::testing
