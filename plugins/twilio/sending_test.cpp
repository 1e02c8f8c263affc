// Messages out: what is asked of Twilio, and that a repeated try looks before it sends.
#include "test_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::twilio {
namespace {

using namespace testing;
using ::testing::HasSubstr;

class TwilioSending : public ::testing::Test, public Connection {
 protected:
  static sdk::OutgoingMessage sms(const std::string& text = "Hello") {
    sdk::OutgoingMessage out;
    out.channel = "sms";
    out.to = {"+15005550009"};
    out.text = text;
    out.idempotency_key = "key-1";
    return out;
  }
  sdk::OutgoingMessage repeated(std::chrono::seconds after) {
    auto out = sms();
    out.options["firstTriedAt"] = sdk::format_time(now() - after);
    return out;
  }
};

TEST_F(TwilioSending, AnSmsIsAFormWithEscapedPlusSigns) {
  http().reply_json(message(1, "queued", now()), 201);
  auto out = sms("Hello & 1+1");
  out.options = {{"statusCallback", "https://hub.example.com/hooks?message=1"}};
  const auto sent = connect()->send_message({}, out);
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  const auto request = http().last_request();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, kBase + "/Messages.json");
  EXPECT_EQ(request.body,
            "To=%2B15005550009&From=%2B15005550006&Body=Hello%20%26%201%2B1&"
            "StatusCallback=https%3A%2F%2Fhub.example.com%2Fhooks%3Fmessage%3D1");
  EXPECT_EQ(sent->external_id, sid_of(1));
  EXPECT_EQ(sent->thread_id, "+15005550006|+15005550009");
  ASSERT_TRUE(sent->record.has_value());
  EXPECT_EQ(sdk::string_at(sent->record->data, "derived.contact"), "+15005550009");
}

/// Create is not idempotent: the host must not send it twice on its own.
TEST_F(TwilioSending, CreateIsNotIdempotent) {
  http().reply_json(message(1, "queued", now()), 201);
  ASSERT_TRUE(connect()->send_message({}, sms()).ok());
  EXPECT_FALSE(http().last_request().retry_safe);
}

TEST_F(TwilioSending, AnMmsRepeatsMediaUrl) {
  http().reply_json(message(1, "queued", now()), 201);
  auto out = sms("");
  out.options["mediaUrl"] = json::array{"https://example.com/a.png", "https://example.com/b.png"};
  ASSERT_TRUE(connect()->send_message({}, out).ok());
  EXPECT_EQ(http().last_request().body,
            "To=%2B15005550009&From=%2B15005550006&MediaUrl=https%3A%2F%2Fexample.com%2Fa.png&"
            "MediaUrl=https%3A%2F%2Fexample.com%2Fb.png");
}

TEST_F(TwilioSending, AMessagingServiceChoosesTheSender) {
  auto accepted = message(1, "accepted", now());
  accepted["from"] = nullptr;
  accepted["num_segments"] = "0";
  http().reply_json(accepted, 201);
  const auto sent = connect({{"messagingServiceSid", "MG1"}})->send_message({}, sms());
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  EXPECT_EQ(http().last_request().body, "To=%2B15005550009&MessagingServiceSid=MG1&Body=Hello");
  EXPECT_TRUE(sent->thread_id.empty()) << "from may be null until a sender is chosen";
}

TEST_F(TwilioSending, ACallbackAddressThatTwilioRefusesIsLeftOut) {
  http().reply_json(message(1, "queued", now()), 201);
  auto out = sms();
  out.options["statusCallback"] = "https://my_hub.example.com/hooks";
  ASSERT_TRUE(connect()->send_message({}, out).ok()) << "the message is worth more than its callback";
  EXPECT_EQ(http().last_request().body, "To=%2B15005550009&From=%2B15005550006&Body=Hello");
  EXPECT_TRUE(host.logger().mentions("my_hub"));
  http().reply_json(message(1, "queued", now()), 201);
  out.options["statusCallback"] = "https://hub.example.com/some_hook";
  ASSERT_TRUE(connect()->send_message({}, out).ok());
  EXPECT_THAT(http().last_request().body, HasSubstr("StatusCallback="));
}

TEST_F(TwilioSending, WhatCannotBeSentIsRefusedWithoutARequest) {
  auto nobody = sms();
  nobody.to = {};
  auto two = sms();
  two.to = {"+1", "+2"};
  auto attached = sms();
  attached.attachments = {{"a.png", "image/png", "x"}};
  auto file = sms();
  file.options["mediaUrl"] = "file:///etc/passwd";
  for (const auto& out : {nobody, two, attached, file, sms(""), sms(std::string(1601, 'x'))})
    EXPECT_EQ(connect()->send_message({}, out).error().error_class, sdk::ErrorClass::kInvalid);
  auto mail = sms();
  mail.channel = "email";
  EXPECT_EQ(connect()->send_message({}, mail).error().error_class, sdk::ErrorClass::kPermanent);
  EXPECT_EQ(connect({})->send_message({}, sms()).error().code, "twilio.no_sender");
  EXPECT_TRUE(http().requests().empty());
  http().reply_json(message(1, "queued", now()), 201);
  std::string umlauts;
  for (int i = 0; i < 1600; ++i) umlauts += "ü";
  EXPECT_TRUE(connect()->send_message({}, sms(umlauts)).ok()) << "characters are counted, not bytes";
}

TEST_F(TwilioSending, ARepeatedTryTakesOverWhatTheFirstOneSent) {
  auto other = message(3, "sent", now() - std::chrono::seconds(30), "Another text");
  auto older = message(4, "sent", now() - std::chrono::hours(2));
  auto inbound = message(5, "received", now() - std::chrono::seconds(30));
  inbound["direction"] = "inbound";
  http().reply_json(list_of({other, older, inbound, message(1, "sent", now() - std::chrono::seconds(30))}));
  const auto sent = connect()->send_message({}, repeated(std::chrono::seconds(40)));
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  EXPECT_EQ(sent->external_id, sid_of(1));
  ASSERT_EQ(http().requests().size(), 1U);
  EXPECT_EQ(http().last_request().method, "GET");
  EXPECT_THAT(http().last_request().url, HasSubstr("To=%2B15005550009&DateSent%3E="));
}

TEST_F(TwilioSending, ARepeatedTryKnowsTheOthersOfTheSameText) {
  http().reply_json(list_of({message(1, "sent", now() - std::chrono::seconds(100)), message(2, "sent", now())}));
  auto out = repeated(std::chrono::seconds(90));
  out.options["sentIds"] = json::array{sid_of(1)};
  const auto sent = connect()->send_message({}, out);
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->external_id, sid_of(2));
}

TEST_F(TwilioSending, WhatIsNotListedYetIsWaitedForAndThenSentOnce) {
  http().reply_json(list_of({}));
  const auto early = connect()->send_message({}, repeated(std::chrono::seconds(20)));
  EXPECT_EQ(early.error().error_class, sdk::ErrorClass::kTransient);
  EXPECT_EQ(early.error().code, "twilio.unconfirmed");
  EXPECT_EQ(early.error().retry_after, std::chrono::seconds(40));
  http().reply_json(list_of({}));
  http().reply_json(message(1, "queued", now()), 201);
  const auto later = connect()->send_message({}, repeated(std::chrono::seconds(61)));
  ASSERT_TRUE(later.ok()) << later.error().message;
  EXPECT_EQ(http().last_request().method, "POST");
}

TEST_F(TwilioSending, WhileNobodyCanLookNothingIsSentAgain) {
  http().reply(sdk::HttpResponse{503, {}, "<html>"});
  EXPECT_EQ(connect()->send_message({}, repeated(std::chrono::hours(1))).error().error_class,
            sdk::ErrorClass::kTransient);
  EXPECT_EQ(http().requests().size(), 1U);
}

}  // namespace
}  // namespace patchbay::twilio
