// The contract suite finds what it is there to find: a connector that is wrong in every way it looks at.
#include <patchbay/sdk/testing/contract.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::sdk::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

/// Takes everything for good, tells its secret to everybody and throws on paper.
class CarelessClient : public ServiceClient {
 public:
  CarelessClient(const ConnectionSettings& settings, HostServices services)
      : key_(settings.credential("key")), services_(services) {}
  Result<AccountIdentity> authenticate(const CallContext& context) override {
    PATCHBAY_TRY(ask(context));
    return AccountIdentity{};
  }
  Result<Page> list(const CallContext& context, const ListRequest&) override {
    PATCHBAY_ASSIGN(const HttpResponse response, ask(context));
    Page page;
    page.records.push_back({"things", "1", "", {}, false, json::parse(response.body)});
    return page;
  }
  Result<Record> get(const CallContext& context, const std::string&, const std::string&) override {
    if (const auto response = ask(context); !response.ok()) return permanent_error("careless", "with " + key_);
    return Record{};
  }
  Result<Health> health_check(const CallContext&) override { return Health{true, "", {}}; }

 private:
  Result<HttpResponse> ask(const CallContext& context) {
    HttpRequest request;
    request.url = "https://elsewhere.example/?key=" + key_;
    services_.logger.log(LogLevel::kInfo, "asking", {{"key", key_}});
    return services_.http.send(context, request);
  }
  std::string key_;
  HostServices services_;
};

class CarelessPlugin : public Plugin {
 public:
  Description describe() const override {
    Description description;
    description.name = "Careless One";
    description.version = "1";
    description.auth = AuthKind::kOAuth2;
    description.credentials = {{"key", "Key", "", true}};
    description.options = {{"apiBase", OptionKind::kUrl, "http://plain.example", "", {}},
                           {"count", OptionKind::kInteger, "many", "How many", {}}};
    ResourceDescription things;
    things.name = "things";
    things.list = things.create = true;
    things.depends_on = {"nothing"};
    description.resources = {things};
    description.rate_budgets = {{"*", 0, 0, 0}};
    description.webhooks.supported = true;
    description.webhooks.signature.algorithm = SignatureDescription::Algorithm::kHmacSha256;
    return description;
  }
  Result<std::unique_ptr<ServiceClient>> connect(const ConnectionSettings& settings,
                                                 HostServices services) const override {
    return std::unique_ptr<ServiceClient>(std::make_unique<CarelessClient>(settings, services));
  }
  Result<std::vector<WebhookEvent>> parse_webhook(const WebhookRequest& request) const override {
    if (request.body.empty()) throw std::runtime_error("nothing there");
    return std::vector<WebhookEvent>(1);
  }
};

TEST(ContractSuite, FindsAWrongDescription) {
  const Violations found = check_description(CarelessPlugin());
  for (const char* part : {"name is not a lower-case word", "no title", "semantic version", "half of reading",
                           "half of writing", "'nothing'", "OAuth 2.0 and its", "no topic", "is not a credential",
                           "no https URL", "no integer", "never lets a call pass", "has no header"}) {
    EXPECT_THAT(found, Contains(HasSubstr(part)));
  }
}

TEST(ContractSuite, FindsCarelessWebhooks) {
  const Violations found = check_hostile_webhooks(CarelessPlugin());
  EXPECT_THAT(found, Contains(HasSubstr("made it throw: nothing there")));
  EXPECT_THAT(found, Contains(HasSubstr("was taken for an event")));
}

TEST(ContractSuite, FindsErrorsThatMislead) {
  const Violations found = check_failing_service(CarelessPlugin());
  EXPECT_THAT(found, Contains(HasSubstr("list things threw")));
  EXPECT_THAT(found, Contains(HasSubstr("get things after a reset connection is permanent")));
  EXPECT_THAT(found, Contains(HasSubstr("authenticate succeeded in spite of status 500")));
  EXPECT_THAT(found, Contains(HasSubstr("health_check succeeded")));
}

TEST(ContractSuite, FindsWhatIsNotDeclared) {
  EXPECT_THAT(check_undeclared(CarelessPlugin()), Contains(HasSubstr("list no_such_resource is not declared")));
}

TEST(ContractSuite, FindsSecretsOutside) {
  const Violations found = check_secrets(CarelessPlugin());
  for (const char* part : {"into a URL", "into the log", "another place"})
    EXPECT_THAT(found, Contains(HasSubstr(part)));
}

}  // namespace
}  // namespace patchbay::sdk::testing
