// Every trap of Jobber's API that the connector knows, against a scripted service.
#include "webhook.hpp"

#include <patchbay/sdk/testing/contract.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::jobber {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace json = sdk::json;

PATCHBAY_CONTRACT_SUITE(JobberContract, patchbay_plugin)

json::object page_of(const char* field, json::array nodes, bool more = false, const char* end = "MQ") {
  return {
      {"data", {{field, {{"nodes", std::move(nodes)}, {"pageInfo", {{"endCursor", end}, {"hasNextPage", more}}}}}}}};
}

json::object failed(const char* message, json::object extensions = {}) {
  return {{"data", nullptr},
          {"errors", json::array{json::object{{"message", message}, {"extensions", std::move(extensions)}}}}};
}

json::object cost(double requested, double maximum, double available, double restore) {
  return {{"cost",
           {{"requestedQueryCost", requested},
            {"throttleStatus",
             {{"maximumAvailable", maximum}, {"currentlyAvailable", available}, {"restoreRate", restore}}}}}};
}

class JobberTest : public ::testing::Test {
 protected:
  JobberTest() : client_(*plugin_->connect(sdk::testing::make_settings(*plugin_), host_.services())) {}
  sdk::testing::ScriptedHttp& http() { return host_.http(); }
  /// The document and variables of the request sent at `index`.
  json::value sent(std::size_t index) { return *sdk::parse_json(http().requests().at(index).body); }
  json::value last_sent() { return *sdk::parse_json(http().last_request().body); }
  sdk::Error failure_of(const json::object& body, int status = 200) {
    http().reply_json(body, status);
    return client_->get({}, "clients", "MQ").error();
  }
  static sdk::ListRequest list_of(const char* resource, const std::string& checkpoint = "") {
    sdk::ListRequest request;
    request.resource = resource;
    request.checkpoint = checkpoint;
    request.mode = checkpoint.empty() ? sdk::SyncMode::kFull : sdk::SyncMode::kIncremental;
    return request;
  }
  sdk::Result<sdk::Record> create(const char* resource, json::object data) {
    sdk::WriteRequest request;
    request.resource = resource;
    request.data = std::move(data);
    return client_->create({}, request);
  }
  sdk::testing::FakeHost host_;
  std::unique_ptr<sdk::Plugin> plugin_ = sdk::testing::make_plugin(patchbay_plugin);
  std::unique_ptr<sdk::ServiceClient> client_;
};

TEST_F(JobberTest, EveryRequestNamesTheVersionAndCarriesTheToken) {
  http().reply_json({{"data", {{"account", {{"id", "MQ"}, {"name", "Lawn & Co"}}}}}});
  EXPECT_EQ(client_->authenticate({})->account_id, "MQ");
  const auto headers = http().last_request().headers;
  EXPECT_EQ(sdk::find_header(headers, "X-JOBBER-GRAPHQL-VERSION"), "2025-04-16");
  EXPECT_EQ(sdk::find_header(headers, "Authorization"), "Bearer token-1");
}

TEST_F(JobberTest, ThrottledSaysHowLongToWait) {
  auto body = failed("Throttled", {{"code", "THROTTLED"}});
  body["extensions"] = cost(2000, 10000, 500, 500);
  for (const int status : {200, 429}) {
    const auto error = failure_of(body, status);
    EXPECT_EQ(error.error_class, sdk::ErrorClass::kRateLimited);
    EXPECT_EQ(error.retry_after, std::chrono::seconds(3));
    host_.clock().advance(std::chrono::minutes(1));
  }
}

TEST_F(JobberTest, AQueryDearerThanAFullBucketIsNeverRetried) {
  auto body = failed("Throttled", {{"code", "THROTTLED"}});
  body["extensions"] = cost(10001, 10000, 10000, 500);
  EXPECT_EQ(failure_of(body).code, "jobber.query_too_dear");
}

TEST_F(JobberTest, WaitsByItselfWhileTheBucketIsKnownToBeEmpty) {
  auto body = page_of("clients", {});
  body["extensions"] = cost(1000, 10000, 0, 500);
  http().reply_json(body);
  ASSERT_TRUE(client_->list({}, list_of("clients")).ok());
  const auto refused = client_->list({}, list_of("clients"));
  EXPECT_EQ(refused.error().code, "jobber.cost_budget");
  EXPECT_EQ(refused.error().retry_after, std::chrono::seconds(2));
  EXPECT_EQ(http().requests().size(), 1u) << "nothing is sent that would be refused";
  host_.clock().advance(std::chrono::seconds(2));
  http().reply_json(page_of("clients", {}));
  EXPECT_TRUE(client_->list({}, list_of("clients")).ok());
}

TEST_F(JobberTest, ARefusedTokenIsRenewedOnce) {
  http().reply_json({{"message", "Token not recognized"}}, 401);
  http().reply_json({{"data", {{"client", {{"id", "MQ"}}}}}});
  ASSERT_TRUE(client_->get({}, "clients", "MQ").ok());
  EXPECT_EQ(host_.tokens().renewals(), 1);
  EXPECT_EQ(sdk::find_header(http().last_request().headers, "Authorization"), "Bearer token-2");
}

TEST_F(JobberTest, UnauthenticatedComesInA200AndIsNotRenewedTwice) {
  http().reply_json(failed("hidden because you are unauthenticated", {{"code", "UNAUTHENTICATED"}}));
  const auto error = failure_of(failed("hidden because you are unauthenticated", {{"code", "UNAUTHENTICATED"}}));
  EXPECT_EQ(error.error_class, sdk::ErrorClass::kAuth);
  EXPECT_EQ(host_.tokens().renewals(), 1);
  EXPECT_EQ(http().requests().size(), 2u);
}

TEST_F(JobberTest, FailuresMeanWhatJobberSaysTheyMean) {
  using enum sdk::ErrorClass;
  auto error =
      failure_of({{"message", "User has disconnected this app from their account. Please delete this token"}}, 401);
  EXPECT_EQ(error.code, "jobber.disconnected");
  EXPECT_EQ(host_.tokens().renewals(), 0) << "a dead token is not renewed";
  EXPECT_EQ(failure_of({{"error", {{"message", "This account is not active"}}}}).error_class, kAuth);
  EXPECT_EQ(failure_of({{"message", "Service temporarily unavailable"}}).error_class, kTransient);
  EXPECT_EQ(failure_of({{"message", "GraphQL API version 'x' does not exist"}}, 404).code, "jobber.version");
  error = failure_of(failed("The field clients on an object of type Query was hidden due to permissions"));
  EXPECT_EQ(error.code, "jobber.scope_missing");
  EXPECT_EQ(error.error_class, kPermanent);
  EXPECT_EQ(failure_of(failed("Variable $id of type EncodedId! was provided invalid value")).error_class, kInvalid);
  http().reply(sdk::HttpResponse{429, {}, "Too Many Requests"});
  const auto limited = client_->get({}, "clients", "MQ");
  EXPECT_EQ(limited.error().error_class, kRateLimited);
  EXPECT_EQ(limited.error().retry_after, std::chrono::seconds(5));
}

TEST_F(JobberTest, ADeletedRecordIsNullNotAnError) {
  EXPECT_EQ(failure_of({{"data", {{"client", nullptr}}}}).error_class, sdk::ErrorClass::kNotFound);
}

TEST_F(JobberTest, PartOfAnAnswerIsUsedAndTheRestIsSaid) {
  auto body = page_of("clients", {json::object{{"id", "MQ"}}, nullptr});
  body["errors"] = json::array{json::object{{"message", "one client failed"}}};
  http().reply_json(body);
  const auto page = client_->list({}, list_of("clients"));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->records.size(), 1u);
  EXPECT_EQ(page->problems.size(), 1u);
  EXPECT_TRUE(host_.logger().mentions("one client failed"));
}

TEST_F(JobberTest, MoneyStaysAsItCame) {
  http().reply(
      sdk::HttpResponse{200, {}, R"({"data":{"paymentRecord":{"id":"MQ","rawAmount":-120.5,"amount":0.07}}})"});
  const auto record = client_->get({}, "payments", "MQ");
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(sdk::scalar_text(*sdk::find_member(record->data, "rawAmount")), "-120.5");
  EXPECT_EQ(sdk::scalar_text(*sdk::find_member(record->data, "amount")), "0.07");
}

TEST_F(JobberTest, AnIncrementalListLooksBackALittleAndStartsWhereTheRunBegan) {
  http().reply_json(page_of("clients", {json::object{{"id", "MQ"}}}, true));
  http().reply_json(page_of("clients", {}));
  auto request = list_of("clients", "2025-12-31T10:00:00.000Z");
  const auto first = client_->list({}, request);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(sdk::string_at(sent(0), "variables.filter.updatedAt.after"), "2025-12-31T09:55:00.000Z");
  host_.clock().advance(std::chrono::hours(1));
  request.page_cursor = first->next_cursor;
  const auto last = client_->list({}, request);
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(sdk::string_at(sent(1), "variables.after"), "MQ");
  EXPECT_EQ(last->checkpoint, "2026-01-01T00:00:00.000Z");
}

TEST_F(JobberTest, PaymentsTellOnlyTheirDaySoTheWindowIsWide) {
  http().reply_json(page_of("paymentRecords", {}));
  ASSERT_TRUE(client_->list({}, list_of("payments", "2025-12-31T00:00:00.000Z")).ok());
  EXPECT_EQ(sdk::string_at(last_sent(), "variables.filter.entryDate.after"), "2025-11-26T00:00:00.000Z");
}

TEST_F(JobberTest, JobsAreReadNewestFirstUntilAnOlderOne) {
  http().reply_json(page_of("jobs",
                            {json::object{{"id", "Mw"}, {"updatedAt", "2025-12-31T12:00:00Z"}},
                             json::object{{"id", "Mg"}, {"updatedAt", "2025-12-31T09:58:00Z"}},
                             json::object{{"id", "MQ"}, {"updatedAt", "2025-12-30T00:00:00Z"}}},
                            true));
  const auto page = client_->list({}, list_of("jobs", "2025-12-31T10:00:00.000Z"));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->records.size(), 2u);
  EXPECT_TRUE(page->next_cursor.empty());
  EXPECT_FALSE(page->checkpoint.empty());
  EXPECT_THAT(sdk::string_at(last_sent(), "query"), HasSubstr("sort: [{key: UPDATED_AT, direction: DESCENDING}]"));
}

TEST_F(JobberTest, APageThatDoesNotMoveOnEndsTheRun) {
  http().reply_json(page_of("clients", {json::object{{"id", "MQ"}}}, true, ""));
  EXPECT_EQ(client_->list({}, list_of("clients")).error().code, "jobber.unreadable");
}

TEST_F(JobberTest, AClientThatIsThereIsNotMadeAgain) {
  http().reply_json(
      {{"data",
        {{"clients",
          {{"nodes", json::array{json::object{{"id", "MQ"},
                                              {"emails", json::array{json::object{{"address", "Ann@X.io"}}}}}}}}}}}});
  const auto record = create("clients", {{"name", "Ann Lee"}, {"email", "ann@x.io"}});
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->external_id, "MQ");
  EXPECT_EQ(http().requests().size(), 1u);
}

TEST_F(JobberTest, ANewClientIsSentInJobbersShape) {
  http().reply_json({{"data", {{"clients", {{"nodes", json::array()}}}}}});
  http().reply_json({{"data", {{"clientCreate", {{"client", {{"id", "MQ"}}}, {"userErrors", json::array()}}}}}});
  ASSERT_TRUE(create("clients", {{"name", "Ann Mary Lee"},
                                 {"email", "ann@x.io"},
                                 {"phone", "555"},
                                 {"billingAddress", {{"street1", "1 Main"}, {"city", "X"}}}})
                  .ok());
  const auto body = last_sent();
  EXPECT_EQ(sdk::string_at(body, "variables.input.firstName"), "Ann Mary");
  EXPECT_EQ(sdk::string_at(body, "variables.input.lastName"), "Lee");
  EXPECT_EQ(sdk::string_at(body, "variables.input.emails[primary=true].address"), "ann@x.io");
  EXPECT_EQ(sdk::string_at(body, "variables.input.phones[0].number"), "555");
  EXPECT_EQ(sdk::string_at(body, "variables.input.billingAddress.street1"), "1 Main");
  EXPECT_THAT(http().last_request().body, Not(HasSubstr("ToAdd")));
}

TEST_F(JobberTest, UserErrorsInA200AreTheInputsFault) {
  http().reply_json({{"data", {{"clients", {{"nodes", json::array()}}}}}});
  http().reply_json({{"data",
                      {{"clientCreate",
                        {{"client", nullptr},
                         {"userErrors", json::array{json::object{{"message", "Email is invalid"},
                                                                 {"path", json::array{"input", "emails", 0}}}}}}}}}});
  const auto error = create("clients", {{"name", "Ann"}, {"email", "x"}}).error();
  EXPECT_EQ(error.error_class, sdk::ErrorClass::kInvalid);
  EXPECT_EQ(error.field, "input.emails.0");
}

TEST_F(JobberTest, AnAnswerWithoutTheWrittenRecordIsNoSuccess) {
  http().reply_json({{"data", {{"clients", {{"nodes", json::array()}}}}}});
  http().reply_json({{"data", {{"clientCreate", json::object{{"userErrors", json::array()}}}}}});
  EXPECT_EQ(create("clients", {{"name", "Ann"}}).error().code, "jobber.unreadable");
}

TEST_F(JobberTest, AJobHangsOnTheClientsProperty) {
  EXPECT_EQ(create("jobs", {{"title", "Mow"}}).error().field, "clientId");
  http().reply_json({{"data", {{"jobs", {{"nodes", json::array()}}}}}});
  http().reply_json(
      {{"data",
        {{"client", {{"id", "MQ"}, {"clientProperties", {{"nodes", json::array{json::object{{"id", "UA"}}}}}}}}}}});
  http().reply_json({{"data", {{"jobCreate", {{"job", {{"id", "Sg"}}}, {"userErrors", json::array()}}}}}});
  ASSERT_TRUE(create("jobs", {{"title", "Mow"}, {"clientId", "MQ"}}).ok());
  EXPECT_EQ(sdk::string_at(last_sent(), "variables.input.propertyId"), "UA");
  EXPECT_EQ(sdk::string_at(last_sent(), "variables.input.invoicing.invoicingType"), "FIXED_PRICE");
  const auto sent = last_sent();
  EXPECT_EQ(sdk::find_path(sent, "variables.input.clientId"), nullptr);
}

TEST_F(JobberTest, AnUpdateEditsThePrimaryEmail) {
  http().reply_json({{"data",
                      {{"client",
                        {{"id", "MQ"},
                         {"emails", json::array{json::object{{"id", "e1"}, {"primary", false}},
                                                json::object{{"id", "e2"}, {"primary", true}}}}}}}}});
  http().reply_json({{"data", {{"clientEdit", {{"client", {{"id", "MQ"}}}, {"userErrors", json::array()}}}}}});
  sdk::WriteRequest request;
  request.resource = "clients";
  request.external_id = "MQ";
  request.data = json::object{{"email", "new@x.io"}, {"name", "Not Changed"}};
  request.changed_fields = {"email"};
  ASSERT_TRUE(client_->update({}, request).ok());
  EXPECT_EQ(sdk::string_at(last_sent(), "variables.input.emailsToEdit[0].id"), "e2");
  const auto sent = last_sent();
  EXPECT_EQ(sdk::find_path(sent, "variables.input.firstName"), nullptr);
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse(json::object event) {
  sdk::WebhookRequest request;
  request.body = json::serialize(json::object{{"data", {{"webHookEvent", std::move(event)}}}});
  return parse_event(request);
}

TEST_F(JobberTest, AWarningAboutTheApiVersionIsANoticeInTime) {
  const json::object account{{"account", {{"id", "MQ=="}, {"name", "A"}}}};
  http().reply_json(
      {{"data", account},
       {"extensions",
        {{"versioning", {{"version", "2025-04-16"}, {"warning", "2025-04-16 is removed on 2026-10-16."}}}}}});
  const auto warned = client_->health_check({});
  ASSERT_TRUE(warned.ok());
  EXPECT_TRUE(warned->healthy);
  ASSERT_EQ(warned->notices.size(), 1u);
  EXPECT_THAT(warned->notices[0], HasSubstr("2026-10-16"));
  // A version that is gone is answered by another without a word of warning.
  http().reply_json({{"data", account}, {"extensions", {{"versioning", {{"version", "2099-01-01"}}}}}});
  const auto replaced = client_->health_check({});
  ASSERT_EQ(replaced->notices.size(), 1u);
  EXPECT_THAT(replaced->notices[0], HasSubstr("2099-01-01"));
  http().reply_json({{"data", account}, {"extensions", {{"versioning", {{"version", "2025-04-16"}}}}}});
  EXPECT_TRUE(client_->health_check({})->notices.empty());
}

TEST_F(JobberTest, VisitsTellNoChangeSoAWindowOfTheirTimesIsReadAgain) {
  http().reply_json(page_of("visits", {json::object{{"id", "Vg"}, {"visitStatus", "TODAY"}}}));
  const auto page = client_->list({}, list_of("visits", "2026-03-15T00:00:00.000Z"));
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_EQ(page->records.size(), 1u);
  EXPECT_EQ(sdk::string_at(last_sent(), "variables.filter.startAt.after").substr(0, 10), "2026-03-01");
  EXPECT_THAT(sdk::string_at(last_sent(), "query"), Not(HasSubstr("updatedAt"))) << "a visit has none";
}

TEST_F(JobberTest, PropertiesAreFoundInTheirClients) {
  const json::object inner{{"nodes", json::array{json::object{{"id", "P1"}}, json::object{{"id", "P2"}}}},
                           {"pageInfo", {{"hasNextPage", true}}}};
  http().reply_json(page_of("clients", {json::object{{"id", "C1"}, {"clientProperties", inner}},
                                        json::object{{"id", "C2"}, {"clientProperties", {{"nodes", json::array{}}}}}}));
  const auto page = client_->list({}, list_of("properties"));
  ASSERT_TRUE(page.ok()) << page.error().message;
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(page->records[1].external_id, "P2");
  ASSERT_EQ(page->problems.size(), 1u) << "what is left out is said";
  EXPECT_EQ(page->problems[0].external_id, "C1");
  EXPECT_EQ(last_sent().at("variables").at("first"), 20) << "more would cost more than a query may";
}

TEST_F(JobberTest, AQuoteIsMadeOnceAndHasALineAtLeast) {
  const json::object quote{{"id", "Uq"}, {"title", "Rewire"}, {"client", {{"id", "Qw"}}}};
  http().reply_json(page_of("quotes", {}));
  http().reply_json(
      {{"data",
        {{"client", {{"id", "Qw"}, {"clientProperties", {{"nodes", json::array{json::object{{"id", "Pp"}}}}}}}}}}});
  http().reply_json({{"data", {{"quoteCreate", {{"quote", quote}, {"userErrors", json::array{}}}}}}});
  const auto made =
      create("quotes", {{"clientId", "Qw"}, {"title", "Rewire"}, {"total", "250.50"}, {"message", "Soon"}});
  ASSERT_TRUE(made.ok()) << made.error().message;
  const auto attributes = last_sent().at("variables").at("attributes");
  EXPECT_EQ(sdk::string_at(attributes, "propertyId"), "Pp");
  EXPECT_EQ(sdk::string_at(attributes, "message"), "Soon");
  EXPECT_EQ(sdk::string_at(attributes, "lineItems[0].name"), "Rewire");
  EXPECT_EQ(attributes.at("lineItems").at(0).at("unitPrice"), 250.5);
  // The answer was lost: what is there is taken.
  http().reply_json(page_of("quotes", {quote}));
  const auto before = http().requests().size();
  EXPECT_EQ(create("quotes", {{"clientId", "Qw"}, {"title", "Rewire"}})->external_id, "Uq");
  EXPECT_EQ(http().requests().size(), before + 1);
  EXPECT_EQ(create("quotes", {{"title", "Nobody's"}}).error().error_class, sdk::ErrorClass::kInvalid);
}

TEST(JobberWebhook, BothSpellingsOfTheTimeMakeTheSameKey) {
  const char* time = "2021-08-12T16:31:36-06:00";
  const json::object fields{{"topic", "CLIENT_UPDATE"}, {"accountId", "QQ"}, {"itemId", "MQ=="}};
  json::object now = fields, old = fields;
  now["occurredAt"] = time;
  old["occuredAt"] = time;
  const auto left = parse(now), right = parse(old);
  ASSERT_TRUE(left.ok() && right.ok());
  EXPECT_EQ(left->at(0).dedupe_key, right->at(0).dedupe_key);
  EXPECT_EQ(left->at(0).occurred_at, right->at(0).occurred_at);
  EXPECT_TRUE(left->at(0).occurred_at.has_value());
  EXPECT_TRUE(left->at(0).event_id.empty()) << "the key is made of fields";
  old["occuredAt"] = "2021-08-12T16:31:37-06:00";
  EXPECT_NE(parse(old)->at(0).dedupe_key, left->at(0).dedupe_key);
}

TEST(JobberWebhook, TopicsSayWhatHappenedToWhat) {
  const json::object fields{{"accountId", "QQ"}, {"itemId", "MQ=="}};
  const auto of = [&](const char* topic) {
    json::object event = fields;
    event["topic"] = topic;
    return parse(event)->at(0);
  };
  EXPECT_TRUE(of("PAYMENT_DESTROY").deleted);
  EXPECT_EQ(of("PAYMENT_DESTROY").resource, "payments");
  EXPECT_EQ(of("JOB_CLOSED").resource, "jobs");
  EXPECT_TRUE(of("APP_DISCONNECT").disconnected);
  EXPECT_EQ(of("VISIT_COMPLETE").resource, "visits");
  EXPECT_EQ(of("EXPENSE_UPDATE").resource, "expenses");
  EXPECT_TRUE(of("TIMESHEET_CREATE").resource.empty()) << "kept, but nothing to apply";
}

}  // namespace
}  // namespace patchbay::jobber
