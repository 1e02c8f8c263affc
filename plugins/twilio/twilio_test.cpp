// The connector against its contract, and what Twilio's answers mean.
#include "api.hpp"
#include "records.hpp"
#include "test_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::twilio {
namespace {

using namespace testing;
using ::testing::HasSubstr;

PATCHBAY_CONTRACT_SUITE(TwilioContract, patchbay_plugin)

class TwilioTest : public ::testing::Test, public Connection {
 protected:
  std::string authorization() { return sdk::find_header(http().last_request().headers, "Authorization").value_or(""); }
};

TEST_F(TwilioTest, RequestsUseTheApiKeyWhereThereIsOneAndTheAccountInThePath) {
  http().reply_json(list_of({}));
  const auto identity =
      connect({}, {{"authToken", "token"}, {"apiKeySid", "SK1"}, {"apiKeySecret", "s"}})->authenticate({});
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->account_id, kAccount);
  EXPECT_EQ(authorization(), "Basic " + sdk::base64_encode("SK1:s"));
  EXPECT_EQ(http().last_request().url, kBase + "/Messages.json?PageSize=1")
      << "a standard key may not read the account";
  http().reply_json(list_of({}));
  ASSERT_TRUE(connect({}, {{"authToken", "token"}})->authenticate({}).ok());
  EXPECT_EQ(authorization(), "Basic " + sdk::base64_encode(kAccount + ":token"));
  const auto half = connect({}, {{"apiKeySid", "SK1"}})->authenticate({});
  EXPECT_EQ(half.error().error_class, sdk::ErrorClass::kAuth);
}

struct Refusal {
  int status;
  int code;
  sdk::ErrorClass error_class;
  const char* name;
  const char* field;  // empty: not about what was given
};

TEST_F(TwilioTest, AnswersMeanWhatTwilioSaysTheyMean) {
  using enum sdk::ErrorClass;
  const std::vector<Refusal> refusals{{429, 20429, kRateLimited, "twilio.rate_limited", ""},
                                      {401, 20003, kAuth, "twilio.unauthorized", ""},
                                      {403, 20403, kPermanent, "twilio.forbidden", ""},
                                      {404, 20404, kNotFound, "twilio.not_found", ""},
                                      {400, 21211, kInvalid, "twilio.invalid_recipient", "to"},
                                      {400, 21614, kInvalid, "twilio.invalid_recipient", "to"},
                                      {400, 21610, kPermanent, "twilio.opted_out", "to"},
                                      {400, 21408, kPermanent, "twilio.region_not_enabled", ""},
                                      {400, 21612, kPermanent, "twilio.not_routable", ""},
                                      {400, 21606, kPermanent, "twilio.invalid_sender", ""},
                                      {400, 21212, kPermanent, "twilio.invalid_sender", ""},
                                      {400, 21617, kInvalid, "twilio.invalid_body", "text"},
                                      {429, 21611, kRateLimited, "twilio.rate_limited", ""},
                                      {400, 21611, kTransient, "twilio.queue_full", ""},
                                      {409, 20009, kTransient, "twilio.not_final", ""},
                                      {400, 30450, kPermanent, "twilio.filtered", ""},
                                      {400, 30003, kTransient, "twilio.unreachable", ""},
                                      {400, 21999, kInvalid, "twilio.21999", ""}};
  for (const Refusal& refusal : refusals) {
    const auto body =
        json::serialize(json::object{{"code", refusal.code}, {"message", "no"}, {"status", refusal.status}});
    const sdk::Error error = error_of({refusal.status, {}, body});
    EXPECT_EQ(error.error_class, refusal.error_class) << refusal.code;
    EXPECT_EQ(error.code, refusal.name) << refusal.code;
    EXPECT_EQ(error.field.value_or(""), refusal.field) << refusal.code;
  }
  EXPECT_EQ(error_of({503, {}, "<html>"}).error_class, kTransient) << "an edge answers with a page";
  EXPECT_EQ(error_of({403, {}, ""}).error_class, kPermanent);
  EXPECT_EQ(error_of({404, {}, ""}).error_class, kTransient);
  EXPECT_EQ(error_of({404, {}, "<html></html>"}).error_class, kTransient);
  EXPECT_EQ(error_of({429, {{"Retry-After", "7"}}, "{}"}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(error_of({429, {{"Retry-After", "-7 days"}}, "{}"}).retry_after, std::chrono::seconds(1));
}

/// Numbers arrive as strings and dates as RFC 2822.
TEST_F(TwilioTest, NumbersAreTextAndDatesAreRfc2822) {
  EXPECT_EQ(sdk::format_time(*parse_date("Thu, 24 Aug 2023 05:01:45 +0000")), "2023-08-24T05:01:45.000Z");
  EXPECT_EQ(sdk::format_time(*parse_date("Fri, 4 Aug 2023 05:01:45 +0200")), "2023-08-04T03:01:45.000Z");
  EXPECT_EQ(sdk::format_time(*parse_date("4 Aug 2023 05:01:45 GMT")), "2023-08-04T05:01:45.000Z");
  for (const char* wrong : {"", "Thu, ", "2023-08-24T05:01:45Z", "Thu, 24 Foo 2023 05:01:45 +0000", "Thu, 24 Aug",
                            "Thu, 99 Aug 2023 05:01:45 +0000", "24 Aug 2023 05:01"})
    EXPECT_FALSE(parse_date(wrong)) << wrong;
  auto with_media = message(1, "delivered", now());
  with_media["num_media"] = "2";
  http().reply_json(with_media);
  http().reply_json({{"media_list", {{{"sid", "ME1"}, {"content_type", "image/png"}}}}, {"next_page_uri", nullptr}});
  const auto record = connect()->get({}, "messages", sid_of(1));
  ASSERT_TRUE(record.ok()) << record.error().message;
  EXPECT_THAT(http().last_request().url, HasSubstr("/Messages/" + sid_of(1) + "/Media.json"));
  EXPECT_EQ(sdk::string_at(record->data, "media[0].content_type"), "image/png");
  const auto second = std::chrono::floor<std::chrono::seconds>(now());
  EXPECT_EQ(record->updated_at, second);
  EXPECT_EQ(sdk::string_at(record->data, "derived.delivered_at"), sdk::format_time(second));
}

TEST_F(TwilioTest, TheOtherSideOfAMessageIsItsContact) {
  auto inbound = message(1, "received", now());
  inbound["direction"] = "inbound";
  inbound["from"] = "+18105550100";
  inbound["to"] = "+15005550006";
  EXPECT_EQ(sdk::string_at(make_message(inbound).data, "derived.contact"), "+18105550100");
  auto reply = message(2, "sent", now());
  reply["direction"] = "outbound-reply";
  reply["to"] = "+18105550100";
  EXPECT_EQ(sdk::string_at(make_message(reply).data, "derived.contact"), "+18105550100");
  EXPECT_EQ(sdk::string_at(make_message(inbound).data, "derived.thread"),
            sdk::string_at(make_message(reply).data, "derived.thread"))
      << "both ways are one thread";
  auto whatsapp = message(3, "read", now());
  whatsapp["to"] = "whatsapp:+18105550100";
  const auto record = make_message(whatsapp);
  EXPECT_EQ(sdk::string_at(record.data, "derived.contact"), "+18105550100");
  EXPECT_EQ(sdk::string_at(record.data, "derived.channel"), "whatsapp");
}

TEST_F(TwilioTest, EveryOptionalMemberMayBeMissingOrNew) {
  const auto record = make_message(json::object{{"sid", sid_of(1)}, {"tags", {{"a", "b"}}}, {"status", "teleported"}});
  EXPECT_EQ(record.external_id, sid_of(1));
  EXPECT_FALSE(record.updated_at.has_value());
  EXPECT_EQ(sdk::string_at(record.data, "tags.a"), "b");
  EXPECT_FALSE(is_final("teleported"));
  EXPECT_TRUE(make_message(json::value(nullptr)).external_id.empty());
}

TEST_F(TwilioTest, RemovingWhatIsGoneIsSuccessAndWhatIsUnderWayWaits) {
  http().reply(sdk::HttpResponse{204, {}, ""});
  EXPECT_TRUE(connect()->remove({}, "messages", sid_of(1)).ok());
  EXPECT_EQ(http().last_request().method, "DELETE");
  http().reply_json({{"code", 20404}}, 404);
  EXPECT_TRUE(connect()->remove({}, "messages", sid_of(1)).ok());
  http().reply_json({{"code", 20009}}, 409);
  EXPECT_EQ(connect()->remove({}, "messages", sid_of(1)).error().error_class, sdk::ErrorClass::kTransient);
}

TEST_F(TwilioTest, HealthSaysWhatTheOwnerShouldKnow) {
  http().reply_json(list_of({}));
  auto health = connect()->health_check({});
  ASSERT_TRUE(health.ok());
  EXPECT_TRUE(health->healthy);
  EXPECT_TRUE(health->notices.empty());
  http().reply_json(list_of({}));
  health = connect({}, {{"apiKeySid", "SK1"}, {"apiKeySecret", "s"}})->health_check({});
  ASSERT_TRUE(health.ok());
  ASSERT_EQ(health->notices.size(), 2U);
  EXPECT_THAT(health->notices[0], HasSubstr("authToken"));
}

TEST_F(TwilioTest, MediaComesFromElsewhereWithoutTheCredentials) {
  http().reply(sdk::HttpResponse{307, {{"Location", "https://media.example.net/file"}}, ""});
  http().reply(sdk::HttpResponse{200, {{"Content-Type", "image/png"}}, "bytes"});
  const auto file = connect()->operate({}, "media.download", {{"messageSid", sid_of(1)}, {"mediaSid", "ME1"}});
  ASSERT_TRUE(file.ok()) << file.error().message;
  const auto requests = http().requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].url, kBase + "/Messages/" + sid_of(1) + "/Media/ME1");
  EXPECT_TRUE(sdk::find_header(requests[0].headers, "Authorization").has_value());
  EXPECT_EQ(requests[1].url, "https://media.example.net/file");
  EXPECT_FALSE(sdk::find_header(requests[1].headers, "Authorization").has_value());
  EXPECT_EQ(sdk::string_at(*file, "contentType"), "image/png");
  EXPECT_EQ(sdk::string_at(*file, "contentBase64"), sdk::base64_encode("bytes"));
  http().reply(sdk::HttpResponse{302, {{"Location", "http://media.example.net/file"}}, ""});
  EXPECT_FALSE(connect()->operate({}, "media.download", {{"messageSid", sid_of(1)}, {"mediaSid", "ME1"}}).ok());
  EXPECT_FALSE(connect()->operate({}, "media.list", {{"messageSid", "../Keys"}}).ok());
}

TEST_F(TwilioTest, AMessageIsCancelledOrRedactedNotBoth) {
  http().reply_json(message(1, "canceled", now()));
  ASSERT_TRUE(connect()->operate({}, "message.cancel", {{"messageSid", sid_of(1)}}).ok());
  EXPECT_EQ(http().last_request().body, "Status=canceled");
  http().reply_json(message(1, "delivered", now(), ""));
  ASSERT_TRUE(connect()->operate({}, "message.redact", {{"messageSid", sid_of(1)}}).ok());
  EXPECT_EQ(http().last_request().body, "Body=");
}

}  // namespace
}  // namespace patchbay::twilio
