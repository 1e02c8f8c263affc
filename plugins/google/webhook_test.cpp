#include "google_test_fixture.hpp"

namespace patchbay::google {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kPushData =
    "eyJlbWFpbEFkZHJlc3MiOiAidXNlckBleGFtcGxlLmNvbSIsICJoaXN0b3J5SWQiOiAiMTIzNDU2Nzg5MCJ9";

class WebhookTest : public GoogleTest {
 protected:
  WebhookTest() {
    settings_ = sdk::testing::make_settings(*plugin_);
    settings_.credentials["pubsubAudience"] = "https://hub.example.com/hooks/google/pubsub";
    settings_.credentials["pubsubServiceAccount"] = "gmail-push@my-project.iam.gserviceaccount.com";
  }
  static sdk::WebhookRequest notification(
      const char* state = "exists", const char* number = "10",
      const char* uri = "https://www.googleapis.com/calendar/v3/calendars/x/events") {
    sdk::WebhookRequest request;
    request.headers = {{"X-Goog-Channel-ID", "c1"},          {"X-Goog-Message-Number", number},
                       {"X-Goog-Resource-ID", "r1"},         {"X-Goog-Resource-State", state},
                       {"X-Goog-Resource-URI", uri},         {"X-Goog-Channel-Token", "test-channelToken"},
                       {"X-Goog-Channel-Expiration", "soon"}};
    return request;
  }
  static sdk::WebhookRequest push(const std::string& data = kPushData) {
    sdk::WebhookRequest request;
    request.body = json::serialize(json::object{
        {"message", {{"data", data}, {"messageId", "2070443601311540"}, {"publishTime", "2021-02-26T19:13:55.749Z"}}},
        {"subscription", "projects/p/subscriptions/s"}});
    request.verified_claims = {{"aud", "https://hub.example.com/hooks/google/pubsub"},
                               {"email", "gmail-push@my-project.iam.gserviceaccount.com"},
                               {"email_verified", true},
                               {"iss", "https://accounts.google.com"}};
    return request;
  }
  bool accepts(const sdk::WebhookRequest& request) {
    const auto verified = plugin_->verify_webhook(request, settings_);
    if (verified.ok()) return true;
    EXPECT_EQ(verified.error().error_class, sdk::ErrorClass::kAuth);
    return false;
  }
  sdk::ConnectionSettings settings_;
};

TEST_F(WebhookTest, AChannelIsKnownByItsTokenAlone) {
  EXPECT_TRUE(accepts(notification()));
  for (const std::string wrong : {"", "test-channelToke", "test-channelTokeN", "test-channelToken2"}) {
    auto request = notification();
    request.headers[5].second = wrong;
    EXPECT_FALSE(accepts(request)) << wrong;
  }
  auto without = notification();
  without.headers.erase(without.headers.begin() + 5);
  EXPECT_FALSE(accepts(without));
  settings_.credentials.erase("channelToken");
  auto empty = notification();
  empty.headers[5].second = "";
  EXPECT_FALSE(accepts(empty)) << "no token is no token that fits";
}

TEST_F(WebhookTest, ANotificationHasNoBodyAndAsksForADeltaRun) {
  const auto events = plugin_->parse_webhook(notification());
  ASSERT_TRUE(events.ok());
  ASSERT_THAT(*events, SizeIs(2));
  EXPECT_EQ(events->at(0).resource, "events");
  EXPECT_EQ(events->at(1).resource, "job_events");
  EXPECT_TRUE(events->at(0).resync && events->at(1).resync);
  EXPECT_TRUE(events->at(0).event_id.empty());
  EXPECT_NE(events->at(0).dedupe_key, events->at(1).dedupe_key);
  EXPECT_EQ(events->at(0).dedupe_key, plugin_->parse_webhook(notification())->at(0).dedupe_key);
  EXPECT_NE(events->at(0).dedupe_key, plugin_->parse_webhook(notification("exists", "11"))->at(0).dedupe_key);
  const auto drive = plugin_->parse_webhook(notification("change", "2", "https://www.googleapis.com/drive/v3/changes"));
  EXPECT_EQ(drive->at(0).resource, "files");
}

TEST_F(WebhookTest, TheSyncMessageIsNothingToDo) {
  const auto events = plugin_->parse_webhook(notification("sync", "1"));
  ASSERT_THAT(*events, SizeIs(1));
  EXPECT_THAT(events->at(0).resource, IsEmpty());
  EXPECT_FALSE(events->at(0).resync);
}

TEST_F(WebhookTest, APushNamesItsMailbox) {
  EXPECT_TRUE(accepts(push()));
  const auto events = plugin_->parse_webhook(push());
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(events->at(0).account_id, "user@example.com");
  EXPECT_EQ(events->at(0).event_id, "2070443601311540");
  EXPECT_EQ(events->at(0).resource, "messages");
  EXPECT_TRUE(events->at(0).resync);
}

TEST_F(WebhookTest, APushMayUseEitherAlphabetAndEitherKindOfNumber) {
  const std::string data = R"({"emailAddress":"a~?>@x.io","historyId":1234567890})";
  EXPECT_EQ(plugin_->parse_webhook(push(sdk::base64url_encode(data)))->at(0).account_id, "a~?>@x.io");
  EXPECT_EQ(plugin_->parse_webhook(push(sdk::base64_encode(data)))->at(0).account_id, "a~?>@x.io");
  EXPECT_EQ(plugin_->parse_webhook(push("e30")).error().error_class, sdk::ErrorClass::kInvalid);
}

TEST_F(WebhookTest, APushNeedsTheRightClaims) {
  for (const char* name : {"aud", "email", "email_verified"}) {
    auto request = push();
    request.verified_claims[name] = name == std::string("email_verified") ? json::value(false) : json::value("other");
    EXPECT_FALSE(accepts(request)) << name;
    request.verified_claims.erase(name);
    EXPECT_FALSE(accepts(request)) << name << " missing";
  }
  auto unsigned_push = push();
  unsigned_push.verified_claims.clear();
  EXPECT_FALSE(accepts(unsigned_push));
  settings_.credentials["pubsubAudience"] = "";
  auto empty = push();
  empty.verified_claims["aud"] = "";
  EXPECT_FALSE(accepts(empty)) << "what is not configured fits nobody";
}

TEST_F(WebhookTest, AChannelsHeadersDoNotOpenTheDoorForAPush) {
  auto mixed = push();
  mixed.headers = {{"X-Goog-Channel-ID", "c1"}};
  EXPECT_FALSE(accepts(mixed));
}

TEST_F(WebhookTest, TheHostIsToldWhereTheKeysAre) {
  const auto webhooks = plugin_->describe().webhooks;
  ASSERT_TRUE(webhooks.oidc.has_value());
  EXPECT_EQ(webhooks.oidc->issuers, (std::vector<std::string>{"https://accounts.google.com", "accounts.google.com"}));
  EXPECT_EQ(webhooks.signature.algorithm, sdk::SignatureDescription::Algorithm::kCustom);
}

}  // namespace
}  // namespace patchbay::google
