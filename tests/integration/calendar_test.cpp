// Appointments and jobs in a calendar, by Google's own mapping: what stands there, and what is taken out of it.
#include "tests/integration/sync_fixture.hpp"

namespace patchbay::testing {
namespace {

class CalendarTest : public SyncTest {
 protected:
  ScriptedService& google() { return service(google_); }
  void write(
      const std::function<sdk::Result<resources::WriteOutcome>(storage::Session&, std::vector<sdk::Error>&)>& work) {
    std::vector<sdk::Error> errors;
    const auto written =
        pool_->transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_ASSIGN(const auto outcome, work(session, errors));
          last_ = outcome.entity_id;
          return {};
        });
    EXPECT_TRUE(written.ok()) << (errors.empty() ? (written.ok() ? "" : written.error().message)
                                                 : errors.front().message);
    write_back();
  }
  std::string create(const std::string& kind, const sdk::json::object& body) {
    write([&](storage::Session& session, auto& errors) {
      return writer_.create(session, *registry_.find(kind), user(), body, errors);
    });
    return last_;
  }
  void update(const std::string& kind, const std::string& id, const sdk::json::object& body) {
    write([&](storage::Session& session, auto& errors) {
      return writer_.update(session, *registry_.find(kind), user(), id, body, std::nullopt, errors);
    });
  }
  std::string client() {
    std::string id = base::new_uuid();
    query("insert into clients (id, name) values ($1::uuid, 'Ann')", {id});
    return id;
  }
  std::string status(const std::string& id) {
    return value("select status from appointments where id = $1::uuid", {id});
  }

  void delete_event(const char* resource) {
    sync(google_, sdk::SyncMode::kFull, false, {resource});  // from here on deletions are told
    google().report_deleted(resource, value("select external_id from entity_links"));
    const std::string run = sync(google_, sdk::SyncMode::kIncremental, false, {resource});
    EXPECT_EQ(value("select counts->>'deleted' from sync_runs where id = $1::uuid", {run}), "1");
  }

  std::string google_ = connect("google");
  std::string last_;
};

TEST_F(CalendarTest, AnAppointmentStandsInTheCalendarAndMovesWithEitherSide) {
  const std::string id = create(
      "appointment",
      {{"title", "Boiler"}, {"scheduledStartAt", "2026-12-01T09:00:00Z"}, {"scheduledEndAt", "2026-12-01T10:00:00Z"}});
  ASSERT_EQ(google().writes().size(), 1u);
  EXPECT_EQ(sdk::string_at(google().writes()[0].data, "start.dateTime"), "2026-12-01T09:00:00.000Z");
  EXPECT_EQ(sdk::string_at(google().writes()[0].data, "status"), "confirmed");
  update("appointment", id, {{"scheduledStartAt", "2026-12-01T09:30:00Z"}});
  ASSERT_EQ(google().writes().size(), 2u);
  EXPECT_EQ(google().writes()[1].changed_fields, std::vector<std::string>{"start"});
  const std::string event = value("select external_id from entity_links");
  google().put("events", event, R"({"id":"x","summary":"Boiler","status":"confirmed",
      "start":{"dateTime":"2026-12-02T08:00:00+01:00"},"end":{"dateTime":"2026-12-02T09:00:00+01:00"}})");
  sync(google_, sdk::SyncMode::kIncremental, false, {"events"});
  EXPECT_EQ(value("select to_char(scheduled_start_at at time zone 'UTC', 'DD HH24:MI') from appointments"), "02 07:00");
  write_back();
  EXPECT_EQ(google().writes().size(), 2u) << "no echo";
}

TEST_F(CalendarTest, AnEventThatIsDeletedCallsTheAppointmentOffAndKeepsIt) {
  const std::string id = create(
      "appointment",
      {{"title", "Boiler"}, {"scheduledStartAt", "2026-12-01T09:00:00Z"}, {"scheduledEndAt", "2026-12-01T10:00:00Z"}});
  delete_event("events");
  EXPECT_EQ(status(id), "CANCELLED");
  EXPECT_EQ(count("appointments where deleted_at is null"), 1);
  EXPECT_EQ(value("select to_status from status_history where entity_id = $1::uuid order by id desc limit 1", {id}),
            "CANCELLED");
  write_back();
  EXPECT_EQ(google().writes().size(), 1u) << "the calendar knows already";
}

TEST_F(CalendarTest, WhatIsDoneStaysDoneWhenItsEventIsDeleted) {
  const std::string id = create(
      "appointment",
      {{"title", "Boiler"}, {"scheduledStartAt", "2026-12-01T09:00:00Z"}, {"scheduledEndAt", "2026-12-01T10:00:00Z"}});
  query("update appointments set status = 'COMPLETED'");
  delete_event("events");
  EXPECT_EQ(status(id), "COMPLETED");
}

TEST_F(CalendarTest, AJobComesIntoTheCalendarWhenItHasATime) {
  const std::string id = create("job", {{"title", "Paint"}, {"clientId", client()}});
  EXPECT_TRUE(google().writes().empty());
  update("job", id, {{"title", "Paint the fence"}});
  EXPECT_TRUE(google().writes().empty());
  update("job", id, {{"scheduledStart", "2026-12-03T09:00:00Z"}, {"scheduledEnd", "2026-12-03T12:00:00Z"}});
  ASSERT_EQ(google().writes().size(), 1u);
  EXPECT_EQ(google().writes()[0].resource, "job_events");
  EXPECT_EQ(sdk::string_at(google().writes()[0].data, "summary"), "Paint the fence");
  update("job", id, {{"scheduledStart", "2026-12-03T10:00:00Z"}});
  ASSERT_EQ(google().writes().size(), 2u);
  EXPECT_EQ(google().writes()[1].external_id, value("select external_id from entity_links"));
}

TEST_F(CalendarTest, AJobThatIsCalledOffLeavesTheCalendarAndTheCalendarCallsNoJobOff) {
  const std::string id = create("job", {{"title", "Paint"},
                                        {"clientId", client()},
                                        {"scheduledStart", "2026-12-03T09:00:00Z"},
                                        {"scheduledEnd", "2026-12-03T12:00:00Z"}});
  EXPECT_FALSE(google().writes()[0].data.as_object().contains("status"));
  google().put("job_events", value("select external_id from entity_links"),
               R"({"summary":"Paint","status":"confirmed","start":{"dateTime":"2026-12-04T09:00:00Z"},
                   "end":{"dateTime":"2026-12-04T12:00:00Z"}})");
  sync(google_, sdk::SyncMode::kFull, false, {"job_events"});
  EXPECT_EQ(value("select status from jobs"), "tentative");
  write([&](storage::Session& session, auto&) {
    return writer_.move(session, *registry_.find("job"), user(), id, "cancelled", "ill", {});
  });
  ASSERT_EQ(google().writes().size(), 2u);
  EXPECT_EQ(sdk::canonical_json(google().writes()[1].data), R"({"status":"cancelled"})");
}

TEST_F(CalendarTest, AJobThatIsMovedInTheCalendarIsMovedAndOneTakenOutIsKept) {
  create("job", {{"title", "Paint"},
                 {"clientId", client()},
                 {"scheduledStart", "2026-12-03T09:00:00Z"},
                 {"scheduledEnd", "2026-12-03T12:00:00Z"}});
  const std::string event = value("select external_id from entity_links");
  google().put("job_events", event, R"({"summary":"Paint","start":{"dateTime":"2026-12-04T09:00:00Z"},
      "end":{"dateTime":"2026-12-04T12:00:00Z"}})");
  sync(google_, sdk::SyncMode::kIncremental, false, {"job_events"});
  EXPECT_EQ(value("select to_char(scheduled_start at time zone 'UTC', 'DD HH24:MI') from jobs"), "04 09:00");
  delete_event("job_events");
  EXPECT_EQ(count("jobs where deleted_at is null and status = 'tentative'"), 1);
}

}  // namespace
}  // namespace patchbay::testing
