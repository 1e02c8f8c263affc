// Both forms of QuickBooks' webhooks.
#include "webhook.hpp"

#include "quickbooks_for_test.hpp"

namespace patchbay::quickbooks {
namespace {

using ::testing::Contains;

constexpr const char* kLegacy =
    R"({"eventNotifications":[{"realmId":"310687","dataChangeEvent":{"entities":[{"id":"1234","operation":"Create","name":"Invoice","lastUpdated":"2025-09-08T20:52:31.657Z"}]}}]})";

sdk::Result<std::vector<sdk::WebhookEvent>> parse(const std::string& body) {
  sdk::WebhookRequest request;
  request.body = body;
  return parse_events(request);
}

std::string cloud_event(const std::string& type, const std::string& id = "evt-1", const std::string& data = "{}") {
  return R"({"specversion":"1.0","id":")" + id + R"(","source":"intuit.x","type":")" + type +
         R"(","datacontenttype":"application/json","time":"2025-09-10T21:31:25.179851517Z","intuitentityid":"1234","intuitaccountid":"310687","data":)" +
         data + "}";
}

std::string legacy_event(const std::string& name, const std::string& operation, const std::string& more = "") {
  return R"({"eventNotifications":[{"realmId":"310687","dataChangeEvent":{"entities":[{"id":"1234","operation":")" +
         operation + R"(","name":")" + name + R"(","lastUpdated":"2025-09-08T20:52:31.657Z")" + more + "}]}}]}";
}

TEST(QuickBooksWebhook, TheOlderFormHasNoIds) {
  const auto events = parse(kLegacy);
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 1u);
  const auto& event = events->front();
  EXPECT_EQ(event.topic, "Invoice.Create");
  EXPECT_TRUE(event.event_id.empty());
  EXPECT_EQ(event.dedupe_key, "310687|Invoice|1234|Create|2025-09-08T20:52:31.657Z");
  EXPECT_EQ(event.account_id, "310687");
  EXPECT_EQ(event.resource, "invoices");
  EXPECT_EQ(event.external_id, "1234");
  EXPECT_EQ(sdk::format_time(*event.occurred_at), "2025-09-08T20:52:31.657Z");
  EXPECT_FALSE(event.snapshot.has_value());
}

TEST(QuickBooksWebhook, OffsetsWithoutAColonAreTimesToo) {
  const auto events = parse(
      R"({"eventNotifications":[{"realmId":"1185883450","dataChangeEvent":{"entities":[{"name":"Customer","id":"1","operation":"Create","lastUpdated":"2015-10-05T14:42:19-0700"}]}}]})");
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(sdk::format_time(*events->at(0).occurred_at), "2015-10-05T21:42:19.000Z");
}

TEST(QuickBooksWebhook, CloudEventsComeAsAListWithNineFractionalDigits) {
  const auto events = parse("[" + cloud_event("qbo.salesreceipt.updated.v1") + "," +
                            cloud_event("qbo.customer.created.v1", "evt-2") + "]");
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->at(0).event_id, "evt-1");
  EXPECT_EQ(events->at(0).dedupe_key, "evt-1");
  EXPECT_EQ(events->at(0).resource, "sales_receipts");
  EXPECT_EQ(events->at(0).account_id, "310687");
  EXPECT_TRUE(events->at(0).occurred_at.has_value());
  EXPECT_EQ(events->at(1).resource, "customers");
}

TEST(QuickBooksWebhook, ADeletedTransactionIsGoneADeletedNameIsReadAnew) {
  EXPECT_TRUE(parse("[" + cloud_event("qbo.invoice.deleted.v1") + "]")->at(0).deleted);
  EXPECT_TRUE(parse(legacy_event("Invoice", "Delete"))->at(0).deleted);
  EXPECT_FALSE(parse("[" + cloud_event("qbo.customer.deleted.v1") + "]")->at(0).deleted);
  EXPECT_FALSE(parse(legacy_event("Customer", "Delete"))->at(0).deleted);
  EXPECT_FALSE(parse(legacy_event("Invoice", "Void"))->at(0).deleted);
}

TEST(QuickBooksWebhook, ACustomerMergedAwayIsGone) {
  for (const std::string& body : {legacy_event("Customer", "Merge", R"(,"deletedId":"77")"),
                                  "[" + cloud_event("qbo.customer.merged.v1", "e", R"({"deletedId":"77"})") + "]"}) {
    const auto events = parse(body);
    ASSERT_TRUE(events.ok());
    ASSERT_EQ(events->size(), 2u) << body;
    EXPECT_EQ(events->at(0).external_id, "1234");
    EXPECT_FALSE(events->at(0).deleted);
    EXPECT_EQ(events->at(1).external_id, "77");
    EXPECT_TRUE(events->at(1).deleted);
    EXPECT_NE(events->at(0).dedupe_key, events->at(1).dedupe_key);
  }
}

TEST(QuickBooksWebhook, WhatIsNotSyncedIsKeptAndNotApplied) {
  const auto events = parse("[" + cloud_event("qbo.account.created.v1") + "]");
  ASSERT_TRUE(events.ok());
  EXPECT_TRUE(events->at(0).resource.empty());
  EXPECT_EQ(events->at(0).external_id, "1234");
}

TEST(QuickBooksWebhook, HalfAnEventIsNone) {
  EXPECT_EQ(parse(R"([{"type":"qbo.invoice.created.v1","id":"x"}])").error().error_class, sdk::ErrorClass::kInvalid);
  EXPECT_FALSE(parse("[" + cloud_event("invoice") + "]").ok());
  EXPECT_FALSE(parse("[" + cloud_event("qbo..created.v1") + "]").ok());
  EXPECT_FALSE(parse(R"({"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":[{}]}}]})").ok());
  EXPECT_EQ(parse("[null," + cloud_event("qbo.invoice.created.v1") + "]")->size(), 1u) << "the rest still counts";
}

TEST(QuickBooksWebhook, SignsWithTheVerifierTokenNotTheClientSecret) {
  const auto description = sdk::testing::make_plugin(patchbay_plugin)->describe();
  const auto& signature = description.webhooks.signature;
  EXPECT_EQ(signature.key_credential, "webhookVerifierToken");
  EXPECT_EQ(signature.header, "intuit-signature");
  EXPECT_EQ(signature.encoding, sdk::SignatureDescription::Encoding::kBase64);
  EXPECT_EQ(signature.tolerance.count(), 0) << "there is no time in it";
  EXPECT_THAT(description.webhooks.topics, Contains("qbo.invoice.voided.v1"));
  EXPECT_EQ(description.oauth2->account_callback_parameter, "realmId");
  EXPECT_FALSE(description.oauth2->client_secret_in_body) << "Intuit wants HTTP Basic";
  EXPECT_TRUE(description.oauth2->rotates_refresh_token);
}

}  // namespace
}  // namespace patchbay::quickbooks
