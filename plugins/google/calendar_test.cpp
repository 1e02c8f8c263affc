#include "calendar.hpp"

#include "google_test_fixture.hpp"

namespace patchbay::google {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class CalendarTest : public GoogleTest {
 protected:
  static json::object event(const char* id, const char* start = "2026-02-01T09:00:00Z") {
    return {{"id", id},
            {"etag", "\"1\""},
            {"status", "confirmed"},
            {"start", {{"dateTime", start}}},
            {"end", {{"dateTime", "2026-02-01T10:00:00Z"}}},
            {"updated", "2026-01-01T00:00:00.000Z"}};
  }
  sdk::Result<sdk::Record> create(const char* resource, json::object data, const char* key = "patchbay-1") {
    sdk::WriteRequest request;
    request.resource = resource;
    request.data = std::move(data);
    request.idempotency_key = key;
    return client().create({}, request);
  }
  sdk::Result<sdk::Record> update(json::object data, const char* version = "") {
    sdk::WriteRequest request;
    request.resource = "events";
    request.external_id = "e1";
    request.data = std::move(data);
    request.known_version = version;
    return client().update({}, request);
  }
};

TEST_F(CalendarTest, TheSyncTokenStandsOnTheLastPageOnly) {
  http().reply_json({{"items", json::array{event("e1")}}, {"nextPageToken", "p2"}});
  http().reply_json({{"items", json::array{event("e2")}}, {"nextSyncToken", "s1"}});
  auto request = list_of("events");
  const auto first = client().list({}, request);
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->checkpoint.empty());
  request.page_cursor = first->next_cursor;
  const auto last = client().list({}, request);
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->checkpoint, "s1");
  EXPECT_TRUE(last->next_cursor.empty());
  EXPECT_THAT(url(0), HasSubstr("timeMin=2025-01-01T00%3A00%3A00.000Z"));
  EXPECT_THAT(url(1), HasSubstr("timeMin=2025-01-01T00%3A00%3A00.000Z")) << "the same on every page";
  EXPECT_THAT(url(1), HasSubstr("pageToken=p2"));
}

TEST_F(CalendarTest, ASyncTokenComesWithoutAnyOtherFilter) {
  http().reply_json({{"items", json::array()}, {"nextSyncToken", "s2"}});
  ASSERT_EQ(client().list({}, list_of("events", "s1"))->checkpoint, "s2");
  EXPECT_THAT(last_url(), HasSubstr("syncToken=s1"));
  for (const char* forbidden : {"timeMin", "timeMax", "orderBy", "q=", "updatedMin", "privateExtendedProperty"})
    EXPECT_THAT(last_url(), Not(HasSubstr(forbidden)));
}

TEST_F(CalendarTest, AnExpiredSyncTokenStartsTheWholeListAnew) {
  http().reply_json(failure(410, "fullSyncRequired"), 410);
  http().reply_json({{"items", json::array{event("e1")}}, {"nextSyncToken", "s9"}});
  const auto page = client().list({}, list_of("events", "old"));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->checkpoint, "s9");
  EXPECT_THAT(last_url(), Not(HasSubstr("syncToken")));
  EXPECT_THAT(last_url(), HasSubstr("showDeleted=true")) << "what was deleted meanwhile is told";
  http().reply_json(failure(410, "deleted"), 410);
  EXPECT_EQ(client().list({}, list_of("events", "old")).error().error_class, sdk::ErrorClass::kNotFound);
}

TEST_F(CalendarTest, ACancelledEventIsADeletionEvenWithoutAnythingElse) {
  http().reply_json(
      {{"items", json::array{json::object{{"id", "e1"}, {"status", "cancelled"}},
                             json::object{{"id", "e2_20260201T090000Z"},
                                          {"status", "cancelled"},
                                          {"recurringEventId", "e2"},
                                          {"originalStartTime", {{"dateTime", "2026-02-01T09:00:00Z"}}}}}},
       {"nextSyncToken", "s"}});
  const auto page = client().list({}, list_of("events", "s0"));
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_TRUE(page->records[0].deleted);
  EXPECT_TRUE(page->records[1].deleted) << "an instance that no longer takes place";
}

TEST_F(CalendarTest, JobsAndAppointmentsShareTheCalendar) {
  json::object marked = event("e2");
  marked["extendedProperties"] = {{"private", {{"patchbayKind", "job"}}}};
  const json::array items{event("e1"), marked, json::object{{"id", "pbj0a"}, {"status", "cancelled"}}};
  http().reply_json({{"items", items}, {"nextSyncToken", "s"}});
  http().reply_json({{"items", items}, {"nextSyncToken", "s"}});
  const auto events = client().list({}, list_of("events", "s0"));
  const auto jobs = client().list({}, list_of("job_events", "s0"));
  ASSERT_EQ(events->records.size(), 1u);
  EXPECT_EQ(events->records[0].external_id, "e1");
  ASSERT_EQ(jobs->records.size(), 2u);
  EXPECT_EQ(jobs->records[0].resource, "job_events");
  EXPECT_TRUE(jobs->records[1].deleted) << "known by its id alone";
}

TEST_F(CalendarTest, APageThatDoesNotMoveOnEndsTheRun) {
  http().reply_json({{"items", json::array()}, {"nextPageToken", "p"}});
  http().reply_json({{"items", json::array()}, {"nextPageToken", "p"}});
  auto request = list_of("events");
  request.page_cursor = client().list({}, request)->next_cursor;
  EXPECT_EQ(client().list({}, request).error().code, "google.unreadable");
}

TEST_F(CalendarTest, CalendarIdsArePercentEncoded) {
  http().reply_json({{"id", "e"}});
  ASSERT_TRUE(client({{"calendarId", "team#x@group.calendar.google.com"}}).get({}, "events", "e").ok());
  EXPECT_THAT(last_url(), HasSubstr("/calendars/team%23x%40group.calendar.google.com/events/e"));
}

TEST_F(CalendarTest, ARepeatedCreateFindsTheFirst) {
  EXPECT_THAT(event_id_of("events", "patchbay-00ff"), MatchesRegex("pba[0-9a-v]+"));
  EXPECT_NE(event_id_of("events", "a"), event_id_of("events", "b"));
  http().reply_json(failure(409, "duplicate"), 409);
  json::object there = event("x");
  http().reply_json(there);
  const auto record = create("events", {{"summary", "A"}, {"start", {{"dateTime", "2026-02-01T09:00:00Z"}}}});
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->external_id, "x");
  EXPECT_THAT(last_url(), HasSubstr(event_id_of("events", "patchbay-1")));
}

TEST_F(CalendarTest, ANewEventHasBothEndsAndSaysWhoseItIs) {
  http().reply_json(event("x"));
  ASSERT_TRUE(create("job_events", {{"summary", "A"}, {"start", {{"dateTime", "2026-02-01T09:00:00Z"}}}}).ok());
  EXPECT_EQ(sdk::string_at(last_body(), "end.dateTime"), "2026-02-01T10:00:00.000Z");
  EXPECT_EQ(sdk::string_at(last_body(), "extendedProperties.private.patchbayKind"), "job");
  EXPECT_THAT(sdk::string_at(last_body(), "id"), MatchesRegex("pbj[0-9a-v]+"));
  EXPECT_THAT(last_url(), HasSubstr("sendUpdates=none"));
  EXPECT_EQ(create("events", {{"summary", "A"}}).error().field, "start.dateTime");
}

TEST_F(CalendarTest, AWholeDayEndsOnTheDayAfter) {
  http().reply_json(event("x"));
  ASSERT_TRUE(create("events", {{"start", {{"dateTime", "2026-02-01T00:00:00.000Z"}}},
                                {"end", {{"dateTime", "2026-02-02T00:00:00.000Z"}}},
                                {"patchbay", {{"allDay", true}}}})
                  .ok());
  EXPECT_EQ(sdk::string_at(last_body(), "start.date"), "2026-02-01");
  EXPECT_EQ(sdk::string_at(last_body(), "end.date"), "2026-02-02");
  EXPECT_FALSE(last_body().as_object().contains("patchbay"));
  const json::object days{{"id", "d"}, {"start", {{"date", "2026-02-01"}}}, {"end", {{"date", "2026-02-02"}}}};
  EXPECT_EQ(make_event_record("events", days).data.at("patchbay").at("allDay"), true);
}

TEST_F(CalendarTest, TheGuestIsWhoIsInvited) {
  json::object with_guests = event("e1");
  with_guests["attendees"] = json::array{json::object{{"email", "me@example.com"}, {"self", true}},
                                         json::object{{"email", "room@example.com"}, {"resource", true}},
                                         json::object{{"email", "ann@example.com"}}};
  EXPECT_EQ(sdk::string_at(make_event_record("events", with_guests).data, "patchbay.guest"), "ann@example.com");
  EXPECT_EQ(sdk::string_at(make_event_record("events", event("e2")).data, "patchbay.guest"), "");
}

TEST_F(CalendarTest, APatchLeavesOutWhatDidNotChange) {
  http().reply_json(event("e1"));
  http().reply_json(event("e1"));
  ASSERT_TRUE(update({{"summary", "New"}}, "\"7\"").ok());
  EXPECT_EQ(json::serialize(last_body()), R"({"summary":"New"})") << "an array that is sent replaces the whole";
  EXPECT_EQ(sdk::find_header(http().last_request().headers, "If-Match"), "\"7\"");
  EXPECT_EQ(http().last_request().method, "PATCH");
}

TEST_F(CalendarTest, AStaleVersionIsAConflict) {
  http().reply_json(event("e1"));
  http().reply_json(failure(412, "conditionNotMet"), 412);
  EXPECT_EQ(update({{"summary", "New"}}, "\"0\"").error().error_class, sdk::ErrorClass::kConflict);
}

TEST_F(CalendarTest, DaysStayDaysUntilATimeIsGiven) {
  const json::object days{{"start", {{"date", "2026-02-01"}}}, {"end", {{"date", "2026-02-02"}}}};
  const auto moved = patch_of(json::object{{"start", {{"dateTime", "2026-02-03T00:00:00.000Z"}}}}, days);
  EXPECT_EQ(sdk::string_at(moved, "start.date"), "2026-02-03");
  EXPECT_TRUE(sdk::find_path(moved, "start.dateTime")->is_null());
  const auto timed = patch_of(json::object{{"start", {{"dateTime", "2026-02-01T08:00:00.000Z"}}}}, days);
  EXPECT_EQ(sdk::string_at(timed, "start.dateTime"), "2026-02-01T08:00:00.000Z");
  EXPECT_TRUE(sdk::find_path(timed, "start.date")->is_null());
  EXPECT_EQ(sdk::string_at(timed, "end.dateTime"), "2026-02-02T00:00:00Z") << "both ends are of one kind";
  EXPECT_EQ(patch_of(json::object{{"summary", "x"}}, days).size(), 1u);
}

TEST_F(CalendarTest, WhoDeletedAnEventWins) {
  http().reply_json({{"id", "e1"}, {"status", "cancelled"}});
  EXPECT_EQ(update({{"summary", "New"}}).error().error_class, sdk::ErrorClass::kNotFound);
  EXPECT_EQ(http().requests().size(), 1u) << "a patch would bring it back";
}

TEST_F(CalendarTest, WithoutATimeItLeavesTheCalendar) {
  http().reply_json(event("e1"));
  http().reply(sdk::HttpResponse{204, {}, ""});
  http().reply_json({{"id", "e1"}, {"status", "cancelled"}});
  const auto record = update({{"start", {{"dateTime", nullptr}}}});
  ASSERT_TRUE(record.ok());
  EXPECT_TRUE(record->deleted);
  EXPECT_EQ(http().requests().at(1).method, "DELETE");
}

TEST_F(CalendarTest, DeletedTwiceIsDeleted) {
  http().reply_json(failure(410, "deleted"), 410);
  EXPECT_TRUE(client().remove({}, "events", "e1").ok());
  http().reply_json(failure(404, "notFound"), 404);
  EXPECT_TRUE(client().remove({}, "events", "e1").ok());
}

TEST_F(CalendarTest, AWindowIsListedExpandedAndInOrder) {
  http().reply_json({{"items", json::array{event("e1")}}});
  const auto found =
      client().operate({}, "list_events", {{"timeMin", "2026-02-01T00:00:00Z"}, {"timeMax", "2026-02-02T00:00:00Z"}});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->at("events").as_array().size(), 1u);
  EXPECT_THAT(last_url(), HasSubstr("singleEvents=true"));
  EXPECT_THAT(last_url(), HasSubstr("orderBy=startTime"));
  EXPECT_THAT(last_url(), HasSubstr("timeMax=2026-02-02T00%3A00%3A00Z"));
}

}  // namespace
}  // namespace patchbay::google
