// Faults, tokens, throttling and the query language, against a scripted service.
#include "quickbooks_for_test.hpp"

namespace patchbay::quickbooks {
namespace {

using ::testing::HasSubstr;

PATCHBAY_CONTRACT_SUITE(QuickBooksContract, patchbay_plugin)

constexpr const char* kThrottledXml =
    R"(<IntuitResponse time="2016-12-07T15:27:09.527-08:00" xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>)";
constexpr const char* kExpiredLowerCase =
    R"({"warnings":null,"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401","detail":"Malformed bearer token: too short or too long","code":"3200","element":null}],"type":"AUTHENTICATION"},"report":null})";
constexpr const char* kExpiredXml =
    R"(<?xml version="1.0"?><IntuitResponse xmlns="x"><Fault type="AUTHENTICATION"><Error code="3200"><Message>message=AuthenticationFailed; errorCode=003200; statusCode=401</Message></Error></Fault></IntuitResponse>)";

class QuickBooksApi : public QuickBooksTest {
 protected:
  sdk::Error failure_of(int status, const std::string& body, sdk::Headers headers = {}) {
    http().reply(sdk::HttpResponse{status, std::move(headers), body});
    return connect()->get({}, "customers", "1").error();
  }
  sdk::Error failure_of(int status, const json::object& body) { return failure_of(status, json::serialize(body)); }
};

TEST_F(QuickBooksApi, EveryRequestNamesCompanyVersionAndToken) {
  http().reply_json({{"CompanyInfo", {{"CompanyName", "Lawn & Co"}}}});
  const auto identity = connect()->authenticate({});
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->account_id, "310687");
  EXPECT_EQ(identity->name, "Lawn & Co");
  EXPECT_THAT(http().last_request().url, HasSubstr("/v3/company/310687/companyinfo/310687?minorversion=75"));
  EXPECT_EQ(sdk::find_header(http().last_request().headers, "Authorization"), "Bearer token-1");
  EXPECT_EQ(sdk::find_header(http().last_request().headers, "Accept"), "application/json");
}

TEST_F(QuickBooksApi, TheCompanyOfTheCredentialsCountsUntilAnAccountIsKnown) {
  http().reply_json({{"CompanyInfo", {{"CompanyName", "X"}}}});
  auto settings = sdk::testing::make_settings(*plugin_);
  settings.credentials["realmId"] = "4711";
  const auto client = *plugin_->connect(settings, host_.services());
  EXPECT_EQ(client->authenticate({})->account_id, "4711");
  settings.credentials["realmId"].clear();
  const auto nobody = *plugin_->connect(settings, host_.services());
  EXPECT_EQ(nobody->authenticate({}).error().code, "quickbooks.no_company");
  EXPECT_EQ(http().requests().size(), 1u);
}

TEST_F(QuickBooksApi, ThrottlingIsKnownByItsCodeInEveryFormAndAtEveryStatus) {
  for (const auto& [status, body] : std::vector<std::pair<int, std::string>>{
           {429, kThrottledXml}, {403, kThrottledXml}, {429, "slow down"}, {200, kThrottledXml}, {429, "{}"}}) {
    const auto error = failure_of(status, body);
    EXPECT_EQ(error.error_class, sdk::ErrorClass::kRateLimited) << status << body;
    EXPECT_EQ(error.retry_after, std::chrono::seconds(60)) << status << body;
  }
  auto in_json = fault("3001", "message=ThrottleExceeded; errorCode=003001; statusCode=429", "SERVICE");
  EXPECT_EQ(failure_of(200, in_json).error_class, sdk::ErrorClass::kRateLimited);
  in_json = fault("", "message=ThrottleExceeded; errorCode=003001; statusCode=429", "SERVICE");
  EXPECT_EQ(failure_of(403, in_json).error_class, sdk::ErrorClass::kRateLimited);
  EXPECT_EQ(failure_of(429, "{}", {{"Retry-After", "7"}}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(failure_of(429, "{}", {{"Retry-After", "soon"}}).retry_after, std::chrono::seconds(60));
}

TEST_F(QuickBooksApi, AThrottleInsideABatchIsAThrottle) {
  json::array answers{json::object{{"bId", "1"}, {"Fault", fault("3001").at("Fault")}}};
  host_.clock().advance(std::chrono::hours(1));  // what records point at is to be read anew
  http().reply_json({{"BatchItemResponse", answers}});
  const auto page = connect()->list({}, list_of("invoices"));
  EXPECT_EQ(page.error().error_class, sdk::ErrorClass::kRateLimited);
  EXPECT_EQ(page.error().retry_after, std::chrono::seconds(60));
}

TEST_F(QuickBooksApi, AThrottleThatOutlastsSeveralWaitsIsTheMonthlyQuota) {
  auto client = connect();
  http().when("GET", "/customer/", [](const sdk::HttpRequest&) { return sdk::HttpResponse{429, {}, "{}"}; });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(client->get({}, "customers", "1").error().error_class, sdk::ErrorClass::kRateLimited) << i;
    host_.clock().advance(std::chrono::seconds(61));
  }
  EXPECT_EQ(client->get({}, "customers", "1").error().code, "quickbooks.quota_used_up");
  EXPECT_EQ(connect()->get({}, "customers", "1").error().error_class, sdk::ErrorClass::kRateLimited)
      << "counted from the first refusal of a client";
}

TEST_F(QuickBooksApi, ARefusedTokenIsRenewedOnceInEveryForm) {
  int renewed = 0;
  for (const std::string& body : std::vector<std::string>{kExpiredLowerCase, kExpiredXml, "", "<html>"}) {
    http().reply(sdk::HttpResponse{401, {}, body});
    http().reply_json({{"Customer", {{"Id", "1"}}}});
    EXPECT_TRUE(connect()->get({}, "customers", "1").ok()) << body;
    EXPECT_EQ(host_.tokens().renewals(), ++renewed);
    EXPECT_EQ(sdk::find_header(http().last_request().headers, "Authorization"),
              "Bearer token-" + std::to_string(renewed + 1));
  }
  http().reply(sdk::HttpResponse{401, {}, kExpiredXml});
  EXPECT_EQ(failure_of(401, kExpiredXml).error_class, sdk::ErrorClass::kAuth);
  EXPECT_EQ(host_.tokens().renewals(), renewed + 1) << "not twice";
}

TEST_F(QuickBooksApi, AnExpiredTokenIsKnownByItsCodeIn200) {
  http().reply_json(fault("3200", "AuthenticationFailed", "AUTHENTICATION"));
  http().reply_json({{"Customer", {{"Id", "1"}}}});
  EXPECT_TRUE(connect()->get({}, "customers", "1").ok());
  EXPECT_EQ(host_.tokens().renewals(), 1);
}

TEST_F(QuickBooksApi, FaultsMeanWhatQuickBooksSaysTheyMean) {
  using enum sdk::ErrorClass;
  struct Case {
    int status;
    const char *code, *type;
    sdk::ErrorClass error_class;
    const char* our_code;
  };
  const std::vector<Case> cases{{403, "3100", "AuthorizatonFault", kAuth, "quickbooks.forbidden"},
                                {200, "120", "ValidationFault", kAuth, "quickbooks.no_access"},
                                {500, "120", "SystemFault", kTransient, "quickbooks.unavailable"},
                                {400, "610", "ValidationFault", kNotFound, "quickbooks.not_found"},
                                {400, "5010", "ValidationFault", kConflict, "quickbooks.stale"},
                                {400, "6000", "ValidationFault", kInvalid, "quickbooks.invalid"},
                                {400, "2020", "ValidationFault", kInvalid, "quickbooks.invalid"},
                                {400, "6190", "ValidationFault", kPermanent, "quickbooks.subscription_ended"},
                                {400, "6210", "ValidationFault", kInvalid, "quickbooks.duplicate_number"},
                                {400, "6240", "ValidationFault", kInvalid, "quickbooks.duplicate_name"},
                                {400, "500", "ValidationFault", kInvalid, "quickbooks.invalid"},
                                {500, "10000", "SystemFault", kTransient, "quickbooks.unavailable"},
                                {200, "10000", "SystemFault", kTransient, "quickbooks.unavailable"},
                                {403, "7", "AuthorizatonFault", kPermanent, "quickbooks.forbidden"},
                                {400, "77", "", kPermanent, "quickbooks.refused"}};
  for (const Case& a_case : cases) {
    const auto error = failure_of(a_case.status, fault(a_case.code, "m", a_case.type));
    EXPECT_EQ(error.error_class, a_case.error_class) << a_case.status << " " << a_case.code;
    EXPECT_EQ(error.code, a_case.our_code) << a_case.status << " " << a_case.code;
  }
  EXPECT_EQ(host_.tokens().renewals(), 0) << "none of these is cured by another token";
  EXPECT_EQ(failure_of(413, "").code, "quickbooks.too_large");
  EXPECT_EQ(failure_of(502, "<html>").error_class, kTransient);
  EXPECT_EQ(failure_of(404, "").error_class, kTransient);
  EXPECT_EQ(failure_of(404, "<html>no such page</html>").error_class, kTransient);
}

TEST_F(QuickBooksApi, AFaultInA200IsNoSuccess) {
  const auto error = failure_of(200, fault("6000", "A business validation error", "ValidationFault", "Line"));
  EXPECT_EQ(error.error_class, sdk::ErrorClass::kInvalid);
  EXPECT_EQ(error.field, "Line");
  EXPECT_THAT(error.message, HasSubstr("A business validation error: why"));
}

TEST_F(QuickBooksApi, AnUnknownFaultShapeIsAnErrorAllTheSame) {
  for (const char* body : {R"({"Fault":{}})", R"({"Fault":{"Error":[]}})", R"({"fault":{"error":[null]}})",
                           R"({"Fault":{"Error":[{"code":7}],"type":9}})"}) {
    EXPECT_FALSE(failure_of(400, body).message.empty()) << body;
  }
}

TEST(QuickBooksStatement, QuotesAndCountsFromOne) {
  EXPECT_EQ(literal("O'Brien \\ Sons"), R"('O\'Brien \\ Sons')");
  const Statement statement{"Customer", {"Active IN (true, false)", "DisplayName = " + literal("X")}, "Id ASC", 1, 7};
  EXPECT_EQ(statement.text(),
            "SELECT * FROM Customer WHERE Active IN (true, false) AND DisplayName = 'X' ORDERBY Id ASC STARTPOSITION 1 "
            "MAXRESULTS 7");
  EXPECT_EQ(statement.count_text(),
            "SELECT COUNT(*) FROM Customer WHERE Active IN (true, false) AND DisplayName = 'X'");
}

TEST_F(QuickBooksApi, ABatchHoldsAtMost25) {
  json::array items;
  for (int i = 0; i < 26; ++i) items.push_back(json::object{{"bId", std::to_string(i)}, {"Query", "select * from X"}});
  const auto too_many = connect()->operate({}, "batch", {{"requests", json::serialize(items)}});
  EXPECT_EQ(too_many.error().code, "quickbooks.batch_size");
  EXPECT_TRUE(http().requests().empty());
  items.resize(2);
  http().reply_json(
      {{"BatchItemResponse", json::array{json::object{{"bId", "0"}, {"QueryResponse", json::object()}},
                                         json::object{{"bId", "1"}, {"Fault", fault("610").at("Fault")}}}}});
  const auto answers = connect()->operate({}, "batch", {{"requests", json::serialize(items)}});
  ASSERT_TRUE(answers.ok()) << "200 although one item failed";
  EXPECT_EQ(answers->as_array().size(), 2u);
  EXPECT_EQ(http().last_request().limit_group, "batch");
}

TEST_F(QuickBooksApi, APaymentIsVoidedByAnotherCallThanAnInvoice) {
  http().reply_json({{"Invoice", {{"Id", "7"}, {"SyncToken", "3"}}}});
  http().reply_json({{"Invoice", {{"Id", "7"}}}});
  ASSERT_TRUE(connect()->operate({}, "void_invoice", {{"id", "7"}}).ok());
  EXPECT_THAT(http().last_request().url, HasSubstr("/invoice?operation=void&"));
  EXPECT_EQ(json::serialize(last_sent()), R"({"Id":"7","SyncToken":"3"})");
  http().reply_json({{"Payment", {{"Id", "8"}, {"SyncToken", "0"}}}});
  http().reply_json({{"Payment", {{"Id", "8"}}}});
  ASSERT_TRUE(connect()->operate({}, "void_payment", {{"id", "8"}}).ok());
  EXPECT_THAT(http().last_request().url, HasSubstr("/payment?operation=update&include=void&"));
  EXPECT_TRUE(last_sent().at("sparse").as_bool());
  EXPECT_EQ(connect()->operate({}, "void_payment", {}).error().field, "id");
}

}  // namespace
}  // namespace patchbay::quickbooks
