#include "hub/messaging/delivery.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>

namespace patchbay::messaging {
namespace {

Send sms() {
  Send send;
  send.message_id = "01a1fd04-6e55-7343-ba52-8703f76fb9f6";
  send.request.channel = "sms";
  send.request.to = {"+18105550142"};
  send.request.text = "Hi";
  send.request.options = {{"mediaUrl", "https://example.com/a.png"}};
  return send;
}

TEST(Judge, TellsWhoseRefusalItIsAndWhetherAnythingLeft) {
  using enum Failure;
  const std::vector<std::pair<sdk::Error, Failure>> errors{
      {sdk::invalid_error("twilio.invalid_recipient", "", "to"), kRecipient},
      {sdk::invalid_error("slack.too_long", ""), kRecipient},
      {sdk::auth_error("twilio.unauthorized", ""), kProvider},
      {sdk::permanent_error("twilio.invalid_sender", ""), kProvider},
      {sdk::rate_limited_error("twilio.rate_limited", "", std::chrono::seconds(1)), kUnsent},
      {sdk::transient_error("http.connect", ""), kUnsent},
      {sdk::transient_error("smtp.temporary", ""), kUnsent},
      {sdk::transient_error("http.reset", ""), kUnknown},
      {sdk::transient_error("http.timeout", ""), kUnknown},
      {sdk::transient_error("twilio.unavailable", ""), kUnknown},
      {sdk::transient_error("smtp.unknown", ""), kUnknown},
      {sdk::cancelled_error("call.deadline", ""), kUnknown}};
  for (const auto& [error, failure] : errors) EXPECT_EQ(judge(error), failure) << error.code;
  sdk::Error opted_out = sdk::permanent_error("twilio.opted_out", "");
  opted_out.field = "to";
  EXPECT_EQ(judge(opted_out), kRecipient) << "another provider would only do what the recipient forbade";
}

TEST(MakeOutgoing, ARepeatSaysSinceWhenAndWhatItIsNot) {
  auto send = sms();
  const auto first = make_outgoing(send, "https://hub.example.com/hook", {});
  EXPECT_EQ(first.idempotency_key, "message-" + send.message_id);
  EXPECT_EQ(sdk::json::serialize(first.options),
            R"({"mediaUrl":"https://example.com/a.png","statusCallback":"https://hub.example.com/hook"})");
  send.tried_at = *sdk::parse_time("2026-11-21T05:00:00Z");
  const auto again = make_outgoing(send, "", {"SM1"});
  EXPECT_EQ(again.idempotency_key, first.idempotency_key);
  EXPECT_EQ(sdk::string_at(again.options, "firstTriedAt"), "2026-11-21T05:00:00.000Z");
  EXPECT_EQ(sdk::string_at(again.options, "sentIds[0]"), "SM1");
  EXPECT_FALSE(again.options.contains("statusCallback"));
}

TEST(SendMail, NeedsASenderOfItsOwnDomain) {
  const outbound::SmtpClient nobody({});
  auto send = sms();
  send.request.to = {"ada@example.com"};
  const auto code = [&](const std::string& configured, const std::string& from) {
    send.request.from = from;
    return send_mail(nobody, {configured}, {}, send, std::chrono::system_clock::now()).error().code;
  };
  EXPECT_EQ(code("", ""), "smtp.no_sender");
  EXPECT_EQ(code("Office <o@example.com>", ""), "smtp.not_configured")
      << "as far as the server, which there is none of";
  EXPECT_EQ(code("Office <o@example.com>", "p@EXAMPLE.com"), "smtp.not_configured");
  EXPECT_EQ(code("Office <o@example.com>", "p@example.org"), "smtp.sender");
  EXPECT_EQ(code("Office <o@example.com>", "nobody"), "smtp.sender");
}

}  // namespace
}  // namespace patchbay::messaging
