#include "hub/webhooks/receipt_keys.hpp"

#include <patchbay/sdk/codec.hpp>

#include <gtest/gtest.h>

namespace patchbay::webhooks {
namespace {

sdk::WebhookEvent event_of(const std::string& id, const std::string& external_id) {
  sdk::WebhookEvent event;
  event.topic = "customer.updated";
  event.event_id = event.dedupe_key = id;
  event.resource = "customers";
  event.external_id = external_id;
  return event;
}

TEST(ReceiptKeys, EventsOfOneRecordShareALane) {
  const Receipt first = make_receipt("c1", event_of("evt_1", "cus_1"), "{}", true);
  const Receipt second = make_receipt("c1", event_of("evt_2", "cus_1"), "{}", true);
  EXPECT_EQ(first.lane_key, second.lane_key);
  EXPECT_NE(first.dedupe_key, second.dedupe_key);
  EXPECT_NE(first.lane_key, make_receipt("c2", event_of("evt_1", "cus_1"), "{}", true).lane_key);
  EXPECT_NE(first.dedupe_key, make_receipt("c2", event_of("evt_1", "cus_1"), "{}", true).dedupe_key);
}

TEST(ReceiptKeys, OnlyTheServicesOwnIdMakesARepeatDroppable) {
  sdk::WebhookEvent event = event_of("", "cus_1");
  event.dedupe_key = "CLIENT_UPDATE/1/2/2024-01-01T00:00:00Z";
  EXPECT_FALSE(make_receipt("c1", event, "{}", true).own_event_id);
  EXPECT_TRUE(make_receipt("c1", event_of("evt_1", "cus_1"), "{}", true).own_event_id);
}

TEST(ReceiptKeys, KeysOfAnyLengthAreBounded) {
  const Receipt receipt = make_receipt("c1", event_of(std::string(100'000, 'x'), std::string(5'000, 'y')), "{}", true);
  EXPECT_LT(receipt.dedupe_key.size(), 300u);
  EXPECT_LT(receipt.lane_key.size(), 500u);
  EXPECT_NE(receipt.dedupe_key, make_receipt("c1", event_of(std::string(100'001, 'x'), "y"), "{}", true).dedupe_key);
}

TEST(ReceiptKeys, WithoutAKeyTheBodyIsTheKey) {
  sdk::WebhookEvent event;
  EXPECT_EQ(dedupe_key_of("c1", event, "a"), dedupe_key_of("c1", event, "a"));
  EXPECT_NE(dedupe_key_of("c1", event, "a"), dedupe_key_of("c1", event, "b"));
}

TEST(ReceiptKeys, SeveralEventsOfABodyAreKeptAsEvents) {
  const Receipt receipt = make_receipt("c1", event_of("evt_1", "cus_1"), "[1,2]", false);
  EXPECT_TRUE(receipt.body.empty());
  const auto parsed = sdk::parse_json(receipt.event);
  ASSERT_TRUE(parsed.ok());
  const auto event = sdk::decode_webhook_event(*parsed);
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(event->event_id, "evt_1");
}

TEST(ReceiptKeys, CredentialsAndSignaturesAreNotStored) {
  const std::string headers = stored_headers({{"Content-Type", "application/json"},
                                              {"authorization", "Bearer secret-1"},
                                              {"Cookie", "secret-2"},
                                              {"stripe-signature", "secret-3"},
                                              {"X-Bad", "\xff\xfe"}},
                                             "Stripe-Signature");
  EXPECT_NE(headers.find("application/json"), std::string::npos);
  EXPECT_EQ(headers.find("secret"), std::string::npos);
  EXPECT_EQ(headers.find("X-Bad"), std::string::npos);
}

TEST(ReceiptKeys, AReceiptIsReadBackFromTheStreamAsItWasWritten) {
  Receipt receipt = make_receipt("c1", event_of("evt_1", "cus_1"), std::string("\0\xff raw", 6), true);
  receipt.headers = "{}";
  const redis::Command command = make_entry("patchbay:main:receipts", receipt);
  redis::StreamEntry entry{"1-1", {}};
  for (std::size_t index = 3; index + 1 < command.size(); index += 2)
    entry.fields.emplace_back(command[index], command[index + 1]);
  const auto read = parse_entry(entry);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->body, receipt.body);
  EXPECT_EQ(read->dedupe_key, receipt.dedupe_key);
  EXPECT_EQ(read->lane_key, receipt.lane_key);
  EXPECT_EQ(read->own_event_id, receipt.own_event_id);
  EXPECT_FALSE(parse_entry({"1-1", {{"kind", "x"}}}).has_value());
}

}  // namespace
}  // namespace patchbay::webhooks
