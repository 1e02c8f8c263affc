// Every trap of Stripe's API that the connector knows, against a scripted service.
#include "api.hpp"
#include "webhook.hpp"

#include <patchbay/sdk/testing/contract.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::stripe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace json = sdk::json;

PATCHBAY_CONTRACT_SUITE(StripeContract, patchbay_plugin)

constexpr const char* kVersion = "2026-07-29.dahlia";

json::value list_of(json::array items, bool more = false) {
  return json::object{{"object", "list"}, {"has_more", more}, {"data", std::move(items)}};
}

json::object event(const std::string& id, const std::string& type, json::object object,
                   const std::string& version = kVersion) {
  return {{"id", id},
          {"object", "event"},
          {"api_version", version},
          {"created", 1767225600},
          {"type", type},
          {"data", json::object{{"object", std::move(object)}}}};
}

class StripeTest : public ::testing::Test {
 protected:
  std::unique_ptr<sdk::ServiceClient> connect(const std::map<std::string, std::string>& options = {}) {
    return *plugin_->connect(sdk::testing::make_settings(*plugin_, options), host_.services());
  }
  sdk::testing::ScriptedHttp& http() { return host_.http(); }
  sdk::ListRequest changes(const std::string& resource, const std::string& event_id, std::chrono::hours ago) {
    sdk::ListRequest request;
    request.resource = resource;
    request.mode = sdk::SyncMode::kIncremental;
    request.checkpoint =
        json::serialize(json::object{{"event", event_id}, {"at", sdk::format_time(host_.clock().now() - ago)}});
    return request;
  }
  static sdk::WriteRequest write(const std::string& id, json::object data) {
    sdk::WriteRequest request;
    request.resource = "customers";
    request.external_id = id;
    request.data = std::move(data);
    request.idempotency_key = "key-1";
    return request;
  }
  sdk::testing::FakeHost host_;
  std::unique_ptr<sdk::Plugin> plugin_ = sdk::testing::make_plugin(patchbay_plugin);
};

TEST_F(StripeTest, FormsNestWithBracketsAndClearWithEmptyText) {
  const Fields fields =
      flatten({{"name", "A"}, {"address", {{"city", "X"}}}, {"tags", {"a", 2}}, {"phone", nullptr}, {"ok", true}});
  const Fields expected{{"name", "A"},    {"address[city]", "X"}, {"tags[0]", "a"},
                        {"tags[1]", "2"}, {"phone", ""},          {"ok", "true"}};
  EXPECT_EQ(fields, expected);
}

TEST_F(StripeTest, EveryRequestPinsVersionKeyAndAccount) {
  http().reply_json({{"id", "acct_1"}});
  ASSERT_TRUE(connect({{"account", "acct_9"}})->authenticate({}).ok());
  const auto headers = http().last_request().headers;
  EXPECT_EQ(sdk::find_header(headers, "Stripe-Version"), kVersion);
  EXPECT_EQ(sdk::find_header(headers, "Stripe-Account"), "acct_9");
  EXPECT_EQ(sdk::find_header(headers, "Authorization"), "Bearer test-secretKey");
}

TEST_F(StripeTest, AWriteSendsTheIdempotencyKeyAndOnlyWhatChanged) {
  http().reply_json({{"id", "cus_1"}, {"object", "customer"}});
  auto request = write("cus_1", {{"name", "A & B"}, {"email", "a@x.io"}, {"phone", nullptr}});
  request.changed_fields = {"name", "phone"};
  ASSERT_TRUE(connect()->update({}, request).ok());
  const auto sent = http().last_request();
  EXPECT_EQ(sdk::find_header(sent.headers, "Idempotency-Key"), "key-1");
  EXPECT_EQ(sent.body, "name=A%20%26%20B&phone=");
  EXPECT_TRUE(sent.retry_safe);
  EXPECT_THAT(sent.url, HasSubstr("/v1/customers/cus_1"));
}

TEST_F(StripeTest, WithoutAKeyAWriteIsNotRepeatedAndACreateClearsNothing) {
  http().reply_json({{"id", "cus_1"}});
  auto request = write("", {{"name", "A"}, {"phone", nullptr}});
  request.idempotency_key.clear();
  ASSERT_TRUE(connect()->create({}, request).ok());
  EXPECT_FALSE(http().last_request().retry_safe);
  EXPECT_EQ(http().last_request().body, "name=A");
}

struct Answer {
  int status;
  sdk::Headers headers;
  const char* body;
  sdk::ErrorClass error_class;
  const char* code;
};

TEST_F(StripeTest, AnswersMeanWhatStripeSaysTheyMean) {
  using enum sdk::ErrorClass;
  const std::vector<Answer> answers{
      {429,
       {{"Stripe-Rate-Limited-Reason", "endpoint-rate"}},
       R"({"error":{"code":"rate_limit"}})",
       kRateLimited,
       "stripe.rate_limited"},
      {429, {}, R"({"error":{"code":"lock_timeout","message":"in use"}})", kTransient, "stripe.lock_timeout"},
      {429, {}, R"({"error":{"message":"you are blocked for now"}})", kRateLimited, "stripe.rate_limited"},
      {400, {}, R"({"error":{"code":"rate_limit"}})", kRateLimited, "stripe.rate_limited"},
      {400, {{"Stripe-Should-Retry", "true"}}, "{}", kTransient, "stripe.retry"},
      {500, {{"Stripe-Should-Retry", "false"}}, "{}", kPermanent, "stripe.refused"},
      {503, {}, "<html>", kTransient, "stripe.unavailable"},
      {409, {}, "{}", kTransient, "stripe.conflict"},
      {401, {}, "{}", kAuth, "stripe.unauthorized"},
      {403, {}, "{}", kPermanent, "stripe.forbidden"},
      {404, {}, R"({"error":{"code":"resource_missing"}})", kNotFound, "stripe.not_found"},
      {404, {}, R"({"error":{"message":"Unrecognized request URL"}})", kPermanent, "stripe.unknown_address"},
      {404, {}, "<html>no such page</html>", kTransient, "stripe.unreadable"},
      {404, {}, "", kTransient, "stripe.unreadable"},
      {402, {}, "{}", kPermanent, "stripe.card_declined"},
      {400, {}, R"({"error":{"type":"idempotency_error"}})", kPermanent, "stripe.idempotency"},
      {400, {}, R"({"error":{"code":"email_invalid","param":"email"}})", kInvalid, "stripe.email_invalid"}};
  for (const Answer& answer : answers) {
    const sdk::Error error = error_of({answer.status, answer.headers, answer.body});
    EXPECT_EQ(error.error_class, answer.error_class) << answer.status << " " << answer.body;
    EXPECT_EQ(error.code, answer.code) << answer.status << " " << answer.body;
  }
  EXPECT_EQ(error_of({429, {{"Retry-After", "7"}}, "{}"}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(error_of({429, {{"Retry-After", "-7 days"}}, "{}"}).retry_after, std::chrono::seconds(1));
  EXPECT_EQ(error_of({400, {}, answers.back().body}).field, "email");
}

TEST_F(StripeTest, AFullListFixesTheNextStartFirstAndPagesByTheLastId) {
  http().reply_json(list_of({event("evt_7", "customer.updated", {{"id", "cus_0"}})}));
  http().reply_json(list_of({json::object{{"id", "cus_2"}}, json::object{{"id", "cus_1"}}}, true));
  http().reply_json(list_of({json::object{{"id", "cus_0"}}}));
  auto client = connect();
  sdk::ListRequest request;
  request.resource = "customers";
  const auto first = client->list({}, request);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_TRUE(first->checkpoint.empty());
  request.page_cursor = first->next_cursor;
  const auto last = client->list({}, request);
  ASSERT_TRUE(last.ok());
  EXPECT_THAT(http().last_request().url, HasSubstr("starting_after=cus_1"));
  EXPECT_TRUE(last->next_cursor.empty());
  EXPECT_THAT(last->checkpoint, HasSubstr("evt_7"));
  EXPECT_THAT(http().requests()[0].url, HasSubstr("/v1/events?limit=1"));
}

TEST_F(StripeTest, AnObjectWithoutAnIdIsAProblemOfItsOwn) {
  http().reply_json(list_of({}));
  http().reply_json(list_of({json::object{{"id", "cus_1"}}, json::object{{"name", "nobody"}}}));
  sdk::ListRequest request;
  request.resource = "customers";
  const auto page = connect()->list({}, request);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->records.size(), 1u);
  EXPECT_EQ(page->problems.size(), 1u);
}

TEST_F(StripeTest, ChangesAreWalkedForwardAndOnlyTheNewestStateCounts) {
  http().reply_json(list_of({event("evt_3", "customer.deleted", {{"id", "cus_2"}}),
                             event("evt_2", "customer.updated", {{"id", "cus_1"}, {"name", "new"}}),
                             event("evt_1", "customer.updated", {{"id", "cus_1"}, {"name", "old"}})},
                            true));
  http().reply_json(list_of({}));
  auto client = connect();
  auto request = changes("customers", "evt_0", std::chrono::hours(1));
  const auto page = client->list({}, request);
  ASSERT_TRUE(page.ok()) << page.error().message;
  EXPECT_THAT(http().last_request().url, HasSubstr("ending_before=evt_0"));
  EXPECT_THAT(http().last_request().url, HasSubstr("types%5B%5D=customer.deleted"));
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_TRUE(page->records[0].deleted);
  EXPECT_EQ(sdk::string_at(page->records[1].data, "name"), "new");
  request.page_cursor = page->next_cursor;
  const auto end = client->list({}, request);
  ASSERT_TRUE(end.ok());
  EXPECT_THAT(http().last_request().url, HasSubstr("ending_before=evt_3"));
  EXPECT_THAT(end->checkpoint, HasSubstr("evt_3"));
}

TEST_F(StripeTest, ACopyOfAnotherApiVersionIsReadAnew) {
  http().reply_json(list_of({event("evt_1", "customer.updated", {{"id", "cus_1"}, {"name", "copy"}}, "2019-01-01")}));
  http().reply_json({{"id", "cus_1"}, {"name", "fresh"}});
  const auto page = connect()->list({}, changes("customers", "evt_0", std::chrono::hours(1)));
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->records.size(), 1u);
  EXPECT_EQ(sdk::string_at(page->records[0].data, "name"), "fresh");
}

TEST_F(StripeTest, WhereTheEventsDoNotReachEverythingIsListedAnew) {
  const auto serve = [](const sdk::HttpRequest& request) {
    if (request.url.find("ending_before=evt_gone") != std::string::npos)
      return sdk::HttpResponse{400, {}, R"({"error":{"code":"resource_missing","message":"No such event"}})"};
    return sdk::HttpResponse{200, {}, R"({"object":"list","has_more":false,"data":[{"id":"x_1"}]})"};
  };
  http().when("GET", "/v1/", serve);
  auto client = connect();
  for (const auto& request : {changes("customers", "evt_gone", std::chrono::hours(1)),
                              changes("customers", "evt_old", std::chrono::hours(24 * 30))}) {
    const auto page = client->list({}, request);
    ASSERT_TRUE(page.ok()) << page.error().message;
    EXPECT_THAT(http().last_request().url, HasSubstr("/v1/customers?"));
    EXPECT_THAT(page->checkpoint, HasSubstr("x_1"));
  }
  for (const auto& sent : http().requests()) EXPECT_THAT(sent.url, Not(HasSubstr("evt_old")));
}

TEST_F(StripeTest, WaitingForEventsIsNoReasonToListAnew) {
  http().reply(sdk::HttpResponse{500, {}, "{}"});
  const auto page = connect()->list({}, changes("customers", "evt_1", std::chrono::hours(1)));
  EXPECT_EQ(page.error().error_class, sdk::ErrorClass::kTransient);
  EXPECT_EQ(http().requests().size(), 1u);
}

TEST_F(StripeTest, ADeletedCustomerAnswersWithDeleted) {
  http().reply_json({{"id", "cus_1"}, {"object", "customer"}, {"deleted", true}});
  const auto record = connect()->get({}, "customers", "cus_1");
  ASSERT_TRUE(record.ok());
  EXPECT_TRUE(record->deleted);
  http().reply_json({{"error", {{"code", "resource_missing"}}}}, 404);
  EXPECT_TRUE(connect()->remove({}, "customers", "cus_1").ok()) << "already gone is success";
}

TEST_F(StripeTest, AChargeFindsItsInvoiceAndARefundExpandsItsCharge) {
  http().reply_json({{"id", "ch_1"}, {"payment_intent", "pi_1"}});
  http().reply_json(list_of({json::object{{"invoice", "in_1"}}}));
  const auto charge = connect()->get({}, "charges", "ch_1");
  ASSERT_TRUE(charge.ok());
  EXPECT_EQ(sdk::string_at(charge->data, "invoice"), "in_1");
  EXPECT_THAT(http().last_request().url, HasSubstr("payment%5Bpayment_intent%5D=pi_1"));
  http().reply_json({{"id", "re_1"}, {"charge", {{"id", "ch_1"}}}});
  ASSERT_TRUE(connect()->get({}, "refunds", "re_1").ok());
  EXPECT_THAT(http().last_request().url, HasSubstr("expand%5B%5D=charge"));
}

TEST_F(StripeTest, AKeyWithoutInvoicePaymentsStillReadsCharges) {
  http().reply_json({{"id", "ch_1"}, {"payment_intent", "pi_1"}});
  http().reply_json({{"error", {{"message", "not permitted"}}}}, 403);
  EXPECT_TRUE(connect()->get({}, "charges", "ch_1").ok());
}

TEST_F(StripeTest, DisputesThatWereWonOrAreInquiriesHoldNothingBack) {
  http().reply_json({{"id", "ch_1"}, {"disputed", true}, {"amount", 9000}});
  http().reply_json(
      list_of({json::object{{"amount", 2500}, {"status", "needs_response"}},
               json::object{{"amount", 1000}, {"status", "lost"}}, json::object{{"amount", 4000}, {"status", "won"}},
               json::object{{"amount", 500}, {"status", "warning_needs_response"}}}));
  const auto charge = connect()->get({}, "charges", "ch_1");
  ASSERT_TRUE(charge.ok());
  EXPECT_EQ(charge->data.at("disputed_amount"), 3500);
  EXPECT_THAT(http().last_request().url, HasSubstr("/v1/disputes?charge=ch_1"));
  http().reply_json({{"id", "ch_1"}, {"disputed", true}, {"amount", 9000}});
  http().reply_json({{"error", {{"message", "not permitted"}}}}, 403);
  EXPECT_EQ(connect()->get({}, "charges", "ch_1")->data.at("disputed_amount"), 9000) << "not known: all of it";
  http().reply_json({{"id", "ch_1"}, {"disputed", false}, {"amount", 9000}});
  EXPECT_EQ(connect()->get({}, "charges", "ch_1")->data.at("disputed_amount"), 0);
}

TEST_F(StripeTest, AttachingAPaymentNamesBothAndRepeatsAsOne) {
  http().reply_json({{"id", "in_1"}, {"object", "invoice"}});
  auto client = connect();
  ASSERT_TRUE(client->operate({}, "attach_payment", {{"invoice", "in_1"}, {"paymentIntent", "pi_1"}}).ok());
  EXPECT_THAT(http().last_request().url, HasSubstr("/v1/invoices/in_1/attach_payment"));
  EXPECT_EQ(http().last_request().body, "payment_intent=pi_1");
  EXPECT_EQ(sdk::find_header(http().last_request().headers, "Idempotency-Key"), "attach-in_1-pi_1");
  EXPECT_EQ(client->operate({}, "attach_payment", {{"invoice", "in_1"}}).error().error_class,
            sdk::ErrorClass::kInvalid);
  EXPECT_FALSE(client->operate({}, "unheard_of", {}).ok());
}

sdk::Result<std::vector<sdk::WebhookEvent>> parse(const json::object& body) {
  sdk::WebhookRequest request;
  request.body = json::serialize(body);
  return parse_event(request);
}

TEST(StripeWebhook, CarriesTheRecord) {
  auto body = event("evt_1", "customer.updated", {{"id", "cus_1"}, {"object", "customer"}});
  body["account"] = "acct_1";
  const auto events = parse(body);
  ASSERT_TRUE(events.ok());
  const auto& first = events->at(0);
  EXPECT_EQ(first.dedupe_key, "evt_1");
  EXPECT_EQ(first.account_id, "acct_1");
  EXPECT_EQ(first.resource, "customers");
  ASSERT_TRUE(first.snapshot.has_value());
  EXPECT_EQ(first.snapshot->external_id, "cus_1");
  EXPECT_FALSE(first.deleted);
}

TEST(StripeWebhook, DeletionsDisputesAndInvoicePaymentsPointToTheRecord) {
  EXPECT_TRUE(parse(event("e", "invoice.deleted", {{"id", "in_1"}, {"object", "invoice"}}))->at(0).deleted);
  const auto dispute =
      parse(event("e", "charge.dispute.created", {{"id", "dp_1"}, {"object", "dispute"}, {"charge", "ch_1"}}));
  EXPECT_EQ(dispute->at(0).resource, "charges");
  EXPECT_EQ(dispute->at(0).external_id, "ch_1");
  EXPECT_FALSE(dispute->at(0).snapshot.has_value());
  const auto paid = parse(event("e", "invoice_payment.paid", {{"id", "inpay_1"}, {"invoice", "in_1"}}));
  EXPECT_EQ(paid->at(0).resource, "invoices");
  EXPECT_EQ(paid->at(0).external_id, "in_1");
}

TEST(StripeWebhook, APaymentIsReadFromItsChargeWhicheverEventTells) {
  const auto intent =
      parse(event("evt_1", "payment_intent.succeeded",
                  {{"id", "pi_1"}, {"object", "payment_intent"}, {"latest_charge", "ch_1"}, {"client_secret", "s"}}));
  ASSERT_EQ(intent->size(), 2u);
  EXPECT_EQ(intent->at(0).resource, "payment_intents");
  EXPECT_EQ(intent->at(1).resource, "charges");
  EXPECT_EQ(intent->at(1).external_id, "ch_1");
  EXPECT_FALSE(intent->at(1).snapshot.has_value()) << "what the intent shows is not the charge";
  EXPECT_NE(intent->at(0).dedupe_key, intent->at(1).dedupe_key);
  const auto refund =
      parse(event("evt_2", "refund.failed", {{"id", "re_1"}, {"object", "refund"}, {"charge", {{"id", "ch_2"}}}}));
  ASSERT_EQ(refund->size(), 2u);
  EXPECT_EQ(refund->at(1).external_id, "ch_2");
  const auto created = parse(event("evt_3", "payment_intent.created",
                                   {{"id", "pi_1"}, {"object", "payment_intent"}, {"latest_charge", nullptr}}));
  EXPECT_EQ(created->size(), 1u);
  const auto charge = parse(event("evt_4", "charge.succeeded", {{"id", "ch_1"}, {"object", "charge"}}));
  EXPECT_FALSE(charge->at(0).snapshot.has_value()) << "it knows neither its invoice nor its disputes";
}

TEST(StripeWebhook, AnUpcomingInvoiceHasNoIdAndIsNotApplied) {
  const auto upcoming = parse(event("e", "invoice.upcoming", {{"object", "invoice"}}));
  ASSERT_TRUE(upcoming.ok());
  EXPECT_TRUE(upcoming->at(0).resource.empty());
}

TEST(StripeWebhook, ThinEventsAreRefusedAndADeauthorisationDisconnects) {
  const auto thin = parse({{"id", "evt_1"}, {"object", "v2.core.event"}, {"type", "x"}});
  EXPECT_EQ(thin.error().error_class, sdk::ErrorClass::kInvalid);
  EXPECT_THAT(thin.error().message, HasSubstr("thin"));
  const auto gone = parse(event("e", "account.application.deauthorized", {{"id", "ca_1"}, {"object", "application"}}));
  EXPECT_TRUE(gone->at(0).disconnected);
  EXPECT_TRUE(gone->at(0).resource.empty());
}

}  // namespace
}  // namespace patchbay::stripe
