#include "google_test_fixture.hpp"

namespace patchbay::google {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

constexpr const char* kUrl = "https://hub.example.com/webhooks/google/c1";

class ChannelsTest : public GoogleTest {
 protected:
  static sdk::Subscription wanted(std::vector<std::string> topics = {}) {
    sdk::Subscription subscription;
    subscription.url = kUrl;
    subscription.topics = std::move(topics);
    return subscription;
  }
  void answer_watch(const char* resource = "r1", const char* expiration = "1767830400000") {
    http().reply_json({{"kind", "api#channel"}, {"resourceId", resource}, {"expiration", expiration}});
  }
};

TEST_F(ChannelsTest, ACalendarIsWatchedForAWeek) {
  answer_watch();
  const auto made = client().subscribe({}, wanted());
  ASSERT_TRUE(made.ok());
  EXPECT_THAT(last_url(), HasSubstr("/calendars/primary/events/watch"));
  EXPECT_EQ(sdk::string_at(last_body(), "type"), "web_hook");
  EXPECT_EQ(sdk::string_at(last_body(), "address"), kUrl);
  EXPECT_EQ(sdk::string_at(last_body(), "token"), "test-channelToken");
  EXPECT_EQ(sdk::string_at(last_body(), "params.ttl"), "604800");
  EXPECT_THAT(made->external_id, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_EQ(sdk::format_time(*made->expires_at), "2026-01-08T00:00:00.000Z");
  EXPECT_TRUE(made->credentials.empty()) << "the token was given";
  const auto listed = client().list_subscriptions({});
  ASSERT_THAT(*listed, SizeIs(1));
  EXPECT_EQ(sdk::string_at(listed->front().details, "resourceId"), "r1");
}

TEST_F(ChannelsTest, TheChannelIsKnownBeforeItsFirstMessageMayCome) {
  http().when("POST", "/events/watch", [this](const auto&) {
    EXPECT_THAT(*client().list_subscriptions({}), SizeIs(1));
    return sdk::HttpResponse{403, {}, "{}"};
  });
  EXPECT_FALSE(client().subscribe({}, wanted()).ok());
  EXPECT_THAT(*client().list_subscriptions({}), SizeIs(0)) << "refused: it is not there";
}

TEST_F(ChannelsTest, WithoutATokenOneIsMadeThatNobodyCanGuess) {
  auto settings = sdk::testing::make_settings(*plugin_);
  settings.credentials.erase("channelToken");
  client_ = *plugin_->connect(settings, host_.services());
  answer_watch();
  const auto made = client_->subscribe({}, wanted());
  ASSERT_TRUE(made.ok());
  ASSERT_THAT(made->credentials, SizeIs(1));
  EXPECT_EQ(made->credentials[0].first, "channelToken");
  EXPECT_THAT(made->credentials[0].second, SizeIs(64));
  EXPECT_EQ(sdk::string_at(last_body(), "token"), made->credentials[0].second);
}

TEST_F(ChannelsTest, DriveChannelsAreAskedToLiveLongerThanAnHour) {
  client({{"watchDrive", "true"}});
  http().reply_json({{"startPageToken", "5"}});
  answer_watch("r2");
  ASSERT_TRUE(client().subscribe({}, wanted({"drive"})).ok());
  EXPECT_THAT(last_url(), HasSubstr("/changes/watch?pageToken=5"));
  EXPECT_EQ(last_body().at("expiration").as_int64(), 1'767'830'400'000) << "a week from now";
}

TEST_F(ChannelsTest, GmailPublishesToItsTopic) {
  EXPECT_EQ(client().subscribe({}, wanted({"gmail"})).error().error_class, sdk::ErrorClass::kInvalid);
  client({{"pubsubTopic", "projects/p/topics/t"}});
  http().reply_json({{"historyId", "9"}, {"expiration", "1767830400000"}});
  const auto made = client().subscribe({}, wanted({"gmail"}));
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(sdk::string_at(last_body(), "topicName"), "projects/p/topics/t");
  EXPECT_EQ(made->topics.front(), "gmail");
}

TEST_F(ChannelsTest, OneCallMakesAllAndARepeatMakesOnlyWhatIsMissing) {
  client({{"pubsubTopic", "projects/p/topics/t"}});
  answer_watch();
  http().reply_json(failure(503, "backendError"), 503);
  EXPECT_FALSE(client().subscribe({}, wanted()).ok());
  http().reply_json({{"historyId", "9"}, {"expiration", "1767830400000"}});
  ASSERT_TRUE(client().subscribe({}, wanted()).ok());
  EXPECT_EQ(http().requests().size(), 3u) << "the calendar is watched already";
  EXPECT_THAT(*client().list_subscriptions({}), SizeIs(2));
}

TEST_F(ChannelsTest, RenewingIsANewChannelAndTheEndOfTheOldOne) {
  answer_watch();
  const auto old = *client().subscribe({}, wanted());
  host_.clock().advance(std::chrono::hours(24 * 6));
  answer_watch("r1", "1768435200000");
  http().reply(sdk::HttpResponse{204, {}, ""});
  const auto renewed = client().renew_subscription({}, old);
  ASSERT_TRUE(renewed.ok());
  EXPECT_NE(renewed->external_id, old.external_id);
  EXPECT_THAT(last_url(), HasSubstr("/channels/stop"));
  EXPECT_EQ(sdk::string_at(last_body(), "id"), old.external_id);
  EXPECT_EQ(sdk::string_at(last_body(), "resourceId"), "r1");
  ASSERT_THAT(*client().list_subscriptions({}), SizeIs(1));
  EXPECT_EQ(client().list_subscriptions({})->front().external_id, renewed->external_id);
}

TEST_F(ChannelsTest, AnExpiredChannelIsNoLongerListedAndAMissingOneIsStopped) {
  answer_watch();
  const auto made = *client().subscribe({}, wanted());
  http().reply_json(failure(404, "notFound"), 404);
  EXPECT_TRUE(client().unsubscribe({}, made).ok());
  EXPECT_THAT(*client().list_subscriptions({}), SizeIs(0));
  answer_watch();
  ASSERT_TRUE(client().subscribe({}, wanted()).ok());
  host_.clock().advance(std::chrono::hours(24 * 8));
  EXPECT_THAT(*client().list_subscriptions({}), SizeIs(0));
}

TEST_F(ChannelsTest, RenewalIsDueADayAhead) {
  const auto subscriptions = plugin_->describe().webhooks.subscriptions;
  EXPECT_TRUE(subscriptions.supported);
  EXPECT_EQ(subscriptions.renew_before, std::chrono::hours(24));
}

}  // namespace
}  // namespace patchbay::google
