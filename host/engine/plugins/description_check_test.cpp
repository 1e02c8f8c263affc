#include "engine/plugins/description_check.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace patchbay::plugins {
namespace {

sdk::Description whole() {
  sdk::Description description;
  description.name = "books";
  description.version = "1.0.0";
  description.auth = sdk::AuthKind::kOAuth2;
  description.oauth2.emplace();
  description.oauth2->authorize_url = "https://books.example/authorize";
  description.oauth2->token_url = "https://books.example/token";
  description.oauth2->authorize_parameters = {{"access_type", "offline"}};
  sdk::ResourceDescription customers;
  customers.name = "customers";
  customers.list = customers.get = true;
  description.resources = {customers};
  description.options = {{"keysUrl", sdk::OptionKind::kUrl, "", "", {}}};
  description.channels = {"email"};
  description.webhooks.supported = true;
  description.webhooks.topics = {"changed"};
  description.webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kCustom;
  description.webhooks.oidc = sdk::OidcDescription{{"https://issuer"}, "https://issuer/keys", "keysUrl"};
  description.webhooks.subscriptions.supported = true;
  return description;
}

TEST(DescriptionCheck, TakesAWholeOne) {
  const auto checked = check_description(whole(), "books");
  EXPECT_TRUE(checked.ok()) << checked.error().message;
  sdk::Description by_client = whole();
  by_client.oauth2->grant = sdk::OAuth2Description::Grant::kClientCredentials;
  by_client.oauth2->authorize_url.clear();
  EXPECT_TRUE(check_description(by_client, "books").ok());
}

struct Fault {
  std::function<void(sdk::Description&)> make;
  const char* named;
};

TEST(DescriptionCheck, NamesWhatIsHalf) {
  using D = sdk::Description;
  const std::vector<Fault> faults{
      {[](D& d) { d.oauth2->token_url.clear(); }, "token_url"},
      {[](D& d) { d.oauth2->authorize_url.clear(); }, "authorize_url"},
      {[](D& d) {
         d.oauth2->authorize_parameters = {{"state", "x"}};
       },
       "'state' is the host's own"},
      {[](D& d) {
         d.oauth2->grant = sdk::OAuth2Description::Grant::kClientCredentials;
         d.oauth2->account_callback_parameter = "realmId";
       },
       "no callback"},
      {[](D& d) { d.oauth2.reset(); }, "endpoints are not described"},
      {[](D& d) { d.webhooks.oidc->issuers.clear(); }, "no named issuer"},
      {[](D& d) { d.webhooks.oidc->keys_url.clear(); }, "keys_url"},
      {[](D& d) { d.webhooks.oidc->keys_url_option = "other"; }, "'other'"},
      {[](D& d) { d.options[0].kind = sdk::OptionKind::kString; }, "'keysUrl'"},
      {[](D& d) { d.webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kNone; },
       "of the plugin's own"},
      {[](D& d) { d.webhooks.subscriptions.renew_before = std::chrono::seconds(-1); }, "renew_before"},
      {[](D& d) { d.webhooks.supported = false; }, "webhooks are not supported"},
      {[](D& d) {
         d.channels = {"email", "email"};
       },
       "'email' stands twice"},
      {[](D& d) { d.channels = {"E mail"}; }, "'E mail'"}};
  for (const Fault& fault : faults) {
    sdk::Description description = whole();
    fault.make(description);
    const auto checked = check_description(description, "books");
    ASSERT_FALSE(checked.ok()) << fault.named;
    EXPECT_EQ(checked.error().code, "plugin.describe");
    EXPECT_NE(checked.error().message.find(fault.named), std::string::npos) << checked.error().message;
  }
}

}  // namespace
}  // namespace patchbay::plugins
