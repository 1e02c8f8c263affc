// Lists: pages by Twilio's own addresses, changes by overlap and by asking again for what is still open.
#include "test_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::twilio {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

class TwilioListing : public ::testing::Test, public Connection {
 protected:
  static sdk::ListRequest request(sdk::SyncMode mode = sdk::SyncMode::kFull) {
    sdk::ListRequest request;
    request.resource = "messages";
    request.mode = mode;
    return request;
  }
  sdk::ListRequest changes() {
    auto wanted = request(sdk::SyncMode::kIncremental);
    wanted.checkpoint = json::serialize(json::object{{"at", sdk::format_time(now() - std::chrono::hours(1))}});
    return wanted;
  }
};

TEST_F(TwilioListing, TheNextPageIsRelativeAndFollowedAsItIs) {
  const std::string next = "/2010-04-01/Accounts/" + kAccount + "/Messages.json?PageSize=2&Page=1&PageToken=PASM%2F1";
  http().reply_json(list_of({message(1, "delivered", now()), message(2, "received", now())}, next));
  http().reply_json(list_of({message(3, "failed", now())}));
  auto client = connect();
  auto wanted = request();
  wanted.page_size = 2;
  const auto began = now();
  const auto first = client->list({}, wanted);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(http().last_request().url, kBase + "/Messages.json?PageSize=2");
  EXPECT_EQ(first->records.size(), 2U);
  EXPECT_TRUE(first->checkpoint.empty());
  host.clock().advance(std::chrono::hours(3));
  wanted.page_cursor = first->next_cursor;
  const auto last = client->list({}, wanted);
  ASSERT_TRUE(last.ok()) << last.error().message;
  EXPECT_EQ(http().last_request().url, "https://api.twilio.com" + next);
  EXPECT_TRUE(last->next_cursor.empty());
  EXPECT_THAT(last->checkpoint, HasSubstr(sdk::format_time(began)))
      << "what is sent meanwhile is seen twice, not missed";
}

TEST_F(TwilioListing, ACursorLeadsNowhereElse) {
  auto wanted = request();
  for (const std::string& next : {std::string("/2010-04-01/Accounts/AC2/Messages.json"), std::string("@evil.example/"),
                                  "/2010-04-01/Accounts/" + kAccount + "/../../x"}) {
    wanted.page_cursor = json::serialize(json::object{{"next", next}, {"at", "2026-01-01"}});
    EXPECT_EQ(connect()->list({}, wanted).error().error_class, sdk::ErrorClass::kInvalid) << next;
  }
  wanted.page_cursor = "rubbish";
  EXPECT_EQ(connect()->list({}, wanted).error().error_class, sdk::ErrorClass::kInvalid);
  EXPECT_TRUE(http().requests().empty());
}

/// The parameter's name is "DateSent>", and it counts days: two of them overlap.
TEST_F(TwilioListing, DateSentIsAParameterNameWithASign) {
  http().reply_json(list_of({}));
  ASSERT_TRUE(connect()->list({}, changes()).ok());
  const std::string day = sdk::format_time(now() - std::chrono::hours(49)).substr(0, 10);
  EXPECT_THAT(http().last_request().url, HasSubstr("/Messages.json?DateSent%3E=" + day + "&PageSize=100"));
}

/// The order of a list is not promised: one known message is no reason to stop.
TEST_F(TwilioListing, ReadsToTheEndWhateverTheOrder) {
  const std::string next = "/2010-04-01/Accounts/" + kAccount + "/Messages.json?Page=1&PageToken=PA1";
  http().reply_json(list_of({message(9, "delivered", now() - std::chrono::hours(900))}, next));
  http().reply_json(list_of({message(1, "delivered", now())}));
  auto client = connect();
  auto wanted = changes();
  const auto first = client->list({}, wanted);
  ASSERT_TRUE(first.ok());
  ASSERT_FALSE(first->next_cursor.empty());
  wanted.page_cursor = first->next_cursor;
  EXPECT_EQ(client->list({}, wanted)->records.size(), 1U);
}

/// A message that was never sent has no DateSent, a missed callback is not repeated: it is asked for by its sid until
/// it is done.
TEST_F(TwilioListing, WhatIsStillOpenIsAskedForAgain) {
  auto waiting = message(1, "accepted", now());
  waiting["date_sent"] = nullptr;
  http().reply_json(list_of({waiting, message(2, "sent", now()), message(3, "delivered", now())}));
  ASSERT_TRUE(connect()->list({}, request()).ok());

  auto client = connect();
  auto wanted = changes();
  http().reply_json(list_of({message(2, "delivered", now())}));
  const auto listed = client->list({}, wanted);
  ASSERT_TRUE(listed.ok());
  ASSERT_FALSE(listed->next_cursor.empty());
  wanted.page_cursor = listed->next_cursor;
  http().reply_json(message(1, "failed", now()));
  const auto again = client->list({}, wanted);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(http().last_request().url, kBase + "/Messages/" + sid_of(1) + ".json");
  ASSERT_EQ(again->records.size(), 1U);
  EXPECT_EQ(sdk::string_at(again->records[0].data, "status"), "failed");
  EXPECT_FALSE(again->checkpoint.empty());

  // Both are done: the next run has nobody to ask for.
  http().reply_json(list_of({}));
  wanted = changes();
  wanted.page_cursor = connect()->list({}, wanted)->next_cursor;
  const auto requests = http().requests().size();
  const auto quiet = connect()->list({}, wanted);
  ASSERT_TRUE(quiet.ok());
  EXPECT_TRUE(quiet->records.empty());
  EXPECT_FALSE(quiet->checkpoint.empty());
  EXPECT_EQ(http().requests().size(), requests);
}

TEST_F(TwilioListing, ADeletedMessageIsToldByAskingForIt) {
  http().reply_json(list_of({message(1, "queued", now())}));
  ASSERT_TRUE(connect()->list({}, request()).ok());
  auto wanted = changes();
  wanted.page_cursor = json::serialize(json::object{{"open", ""}, {"at", sdk::format_time(now())}});
  http().reply_json({{"code", 20404}, {"message", "not found"}, {"status", 404}}, 404);
  const auto page = connect()->list({}, wanted);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->records.size(), 1U);
  EXPECT_TRUE(page->records[0].deleted);
  EXPECT_EQ(page->records[0].external_id, sid_of(1));
}

TEST_F(TwilioListing, ManyOpenMessagesAreAskedForInPages) {
  json::array many;
  for (int number = 1; number <= 120; ++number) many.emplace_back(message(number, "queued", now()));
  http().reply_json(list_of(std::move(many)));
  ASSERT_TRUE(connect()->list({}, request()).ok());
  http().when("GET", "/Messages/SM", [&](const sdk::HttpRequest& asked) {
    const auto sid = asked.url.substr(asked.url.size() - 39, 34);
    auto found = message(1, "queued", now());
    found["sid"] = sid;
    return sdk::HttpResponse{200, {}, json::serialize(found)};
  });
  auto client = connect();
  auto wanted = changes();
  wanted.page_cursor = json::serialize(json::object{{"open", ""}, {"at", "2026-01-01"}});
  std::set<std::string> seen;
  for (int pages = 0; !wanted.page_cursor.empty(); ++pages) {
    ASSERT_LT(pages, 5);
    const auto page = client->list({}, wanted);
    ASSERT_TRUE(page.ok());
    for (const auto& record : page->records) EXPECT_TRUE(seen.insert(record.external_id).second);
    wanted.page_cursor = page->next_cursor;
  }
  EXPECT_EQ(seen.size(), 120U);
  host.clock().advance(std::chrono::hours(24 * 40));
  wanted.page_cursor = json::serialize(json::object{{"open", ""}, {"at", "2026-01-01"}});
  EXPECT_TRUE(client->list({}, wanted)->records.empty()) << "nothing stays open for ever";
}

TEST_F(TwilioListing, AMessageWithoutASidIsAProblemOfItsOwn) {
  http().reply_json(list_of({message(1, "sent", now()), json::object{{"body", "?"}}, json::value(7)}));
  const auto page = connect()->list({}, request());
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->records.size(), 1U);
  EXPECT_EQ(page->problems.size(), 2U);
}

}  // namespace
}  // namespace patchbay::twilio
