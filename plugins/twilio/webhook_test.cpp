// Inbound messages and status callbacks as the connector reads them.
#include "webhook.hpp"

#include <patchbay/sdk/testing/fake_host.hpp>

#include <gtest/gtest.h>

extern "C" const patchbay::sdk::PluginDescriptor patchbay_plugin;

namespace patchbay::twilio {
namespace {

const std::string kSid = "SM" + std::string(31, '0') + "1";

sdk::Result<std::vector<sdk::WebhookEvent>> parse(const Fields& fields, sdk::Headers headers = {}) {
  sdk::WebhookRequest request;
  request.headers = std::move(headers);
  request.body = sdk::form_encode(fields);
  return parse_event(request);
}

Fields status(const std::string& word) {
  return {{"MessageSid", kSid}, {"SmsSid", kSid}, {"SmsStatus", word}, {"MessageStatus", word}, {"AccountSid", "AC1"}};
}

TEST(TwilioWebhook, AnInboundMessageIsToBeFetched) {
  const auto events = parse({{"SmsMessageSid", kSid},
                             {"SmsSid", kSid},
                             {"SmsStatus", "received"},
                             {"Body", "Ack"},
                             {"MessageSid", kSid},
                             {"AccountSid", "AC1"},
                             {"From", "+447700900513"}});
  ASSERT_TRUE(events.ok()) << events.error().message;
  ASSERT_EQ(events->size(), 1U);
  const auto& event = events->front();
  EXPECT_EQ(event.topic, "message.received");
  EXPECT_EQ(event.resource, "messages");
  EXPECT_EQ(event.external_id, kSid);
  EXPECT_EQ(event.account_id, "AC1");
  EXPECT_EQ(event.dedupe_key, kSid + "|received");
  EXPECT_FALSE(event.snapshot.has_value());
  EXPECT_FALSE(event.occurred_at.has_value());
}

/// Callbacks are unordered and have no time: each status is an event of its own, and none carries the state.
TEST(TwilioWebhook, CallbacksAreUnordered) {
  const auto sent = parse(status("sent")), delivered = parse(status("delivered"));
  ASSERT_TRUE(sent.ok() && delivered.ok());
  EXPECT_EQ(sent->front().topic, "message.status");
  EXPECT_NE(sent->front().dedupe_key, delivered->front().dedupe_key);
  EXPECT_FALSE(delivered->front().snapshot.has_value()) << "the state is fetched";
  EXPECT_TRUE(delivered->front().event_id.empty()) << "a repeat after the fetch began makes it due again";
}

TEST(TwilioWebhook, ARepeatOfOneRequestIsKnownByItsToken) {
  const sdk::Headers headers{{"i-twilio-idempotency-token", "token-1"}};
  const auto first = parse(status("sent"), headers);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->front().event_id, "token-1");
  EXPECT_EQ(first->front().dedupe_key, "token-1");
}

TEST(TwilioWebhook, WhatIsNotAboutAMessageIsRefused) {
  for (const Fields& fields : {Fields{}, Fields{{"MessageSid", kSid}}, Fields{{"MessageStatus", "sent"}},
                               Fields{{"CallSid", "CA1"}, {"CallStatus", "completed"}},
                               Fields{{"MessageSid", "../../etc"}, {"MessageStatus", "sent"}},
                               Fields{{"MessageSid", kSid}, {"MessageStatus", "\xff"}}}) {
    const auto events = parse(fields);
    ASSERT_FALSE(events.ok()) << sdk::form_encode(fields);
    EXPECT_EQ(events.error().error_class, sdk::ErrorClass::kInvalid);
  }
}

TEST(TwilioWebhook, ByGetTheFieldsAreInTheQuery) {
  sdk::WebhookRequest request;
  request.method = "GET";
  request.url = "https://hub.example.com/hooks?" + sdk::form_encode(status("delivered")) + "#rc=2";
  const auto events = parse_event(request);
  ASSERT_TRUE(events.ok()) << events.error().message;
  EXPECT_EQ(events->front().external_id, kSid);
}

/// Twilio sends a person whatever text the webhook is answered with, and has answered STOP, START and HELP itself.
TEST(TwilioWebhook, NothingIsEverAnsweredToAPerson) {
  const auto plugin = sdk::testing::make_plugin(patchbay_plugin);
  sdk::WebhookRequest request;
  request.body =
      sdk::form_encode({{"MessageSid", kSid}, {"SmsStatus", "received"}, {"OptOutType", "STOP"}, {"Body", "STOP"}});
  const auto answer = plugin->answer_webhook(request, sdk::CommandReply{true, "said", {"something"}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "text/xml");
  EXPECT_EQ(answer->body, R"(<?xml version="1.0" encoding="UTF-8"?><Response/>)");
}

}  // namespace
}  // namespace patchbay::twilio
