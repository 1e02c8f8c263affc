// Appointments: who sees them, who moves them, what is refused.
#include "tests/integration/resources_fixture.hpp"

namespace patchbay::testing {
namespace {

class AppointmentsTest : public ResourcesTest {
 protected:
  std::string make(const std::string& more = "") {
    return create(
        admin_, "/appointments",
        R"({"title":"Boiler","scheduledStartAt":"2026-12-01T09:00:00Z","scheduledEndAt":"2026-12-01T10:00:00Z")" +
            more + "}");
  }
  int move(const policy::Principal& who, const std::string& id, const std::string& body) {
    return call(who, "POST", "/appointments/" + id + "/status", body).status;
  }
};

TEST_F(AppointmentsTest, GoTheirWayAndKeepWhenTheyBeganAndEnded) {
  const std::string id = make();
  const auto technician = stored_user("technician");
  EXPECT_EQ(call(technician, "GET", "/appointments/" + id).status, 404) << "not his yet";
  ASSERT_EQ(call(admin_, "POST", "/appointments/" + id + "/assign", R"({"technicianId":")" + technician.user_id + "\"}")
                .status,
            200);
  EXPECT_EQ(call(technician, "GET", "/appointments/" + id).text("data.technicianId"), technician.user_id);
  EXPECT_EQ(move(technician, id, R"({"status":"COMPLETED"})"), 409);
  EXPECT_EQ(move(technician, id, R"({"status":"IN_TRANSIT"})"), 200);
  EXPECT_EQ(move(technician, id, R"({"status":"IN_PROGRESS","actualStartAt":"2026-12-01T09:05:00Z"})"), 200);
  EXPECT_EQ(move(technician, id, R"({"status":"COMPLETED","completionSummary":"New valve"})"), 200);
  const auto done = call(admin_, "GET", "/appointments/" + id);
  EXPECT_EQ(done.text("data.actualStartAt"), "2026-12-01T09:05:00.000Z");
  EXPECT_FALSE(done.text("data.actualEndAt").empty());
  EXPECT_EQ(done.text("data.completionSummary"), "New valve");
  EXPECT_EQ(
      execute("select 1 from status_history where entity_kind = 'appointment' and entity_id = $1::uuid", {id}).size(),
      4U);
}

TEST_F(AppointmentsTest, AreMovedInTimeAndCalledOffByPatch) {
  const std::string id = make();
  EXPECT_EQ(call(admin_, "PATCH", "/appointments/" + id, R"({"scheduledEndAt":"2026-12-01T08:00:00Z"})").status, 400);
  EXPECT_EQ(call(admin_, "PATCH", "/appointments/" + id,
                 R"({"scheduledStartAt":"2026-12-02T09:00:00Z","scheduledEndAt":"2026-12-02T10:00:00Z"})")
                .text("data.scheduledStartAt"),
            "2026-12-02T09:00:00.000Z");
  EXPECT_EQ(call(admin_, "PATCH", "/appointments/" + id, R"({"status":"CANCELLED","title":"x"})").status, 400);
  EXPECT_EQ(
      call(admin_, "PATCH", "/appointments/" + id, R"({"status":"CANCELLED","reason":"ill"})").text("data.status"),
      "CANCELLED");
  EXPECT_EQ(move(admin_, id, R"({"status":"IN_PROGRESS"})"), 409);
}

TEST_F(AppointmentsTest, ARemoteSessionTravelsNowhere) {
  const std::string id = make(R"(,"type":"REMOTE_SESSION")");
  EXPECT_EQ(move(admin_, id, R"({"status":"IN_TRANSIT"})"), 409);
  EXPECT_EQ(move(admin_, id, R"({"status":"IN_PROGRESS"})"), 200);
}

TEST_F(AppointmentsTest, CustomersSeeTheirOwnWithoutInternalNotesAndCallThemOff) {
  const std::string client = create(admin_, "/clients", R"({"name":"Ann"})");
  const std::string other = create(admin_, "/clients", R"({"name":"Bob"})");
  const std::string id = make(R"(,"technicianNotes":"dog","clientId":")" + client + "\"");
  const auto ann = principal("customer_user", client), bob = principal("customer_user", other);
  const auto seen = call(ann, "GET", "/appointments/" + id);
  ASSERT_EQ(seen.status, 200);
  EXPECT_FALSE(seen.data().as_object().contains("technicianNotes"));
  EXPECT_EQ(call(bob, "GET", "/appointments/" + id).status, 404);
  EXPECT_EQ(move(bob, id, R"({"status":"CANCELLED"})"), 404);
  EXPECT_EQ(move(ann, id, R"({"status":"IN_PROGRESS"})"), 403);
  EXPECT_EQ(move(ann, id, R"({"status":"CANCELLED"})"), 200);
  EXPECT_EQ(call(ann, "GET", "/clients/" + client + "/appointments").data().as_array().size(), 1U);
}

TEST_F(AppointmentsTest, OnlyTechniciansAreAssigned) {
  const std::string id = make();
  const std::string path = "/appointments/" + id + "/assign";
  const auto viewer = stored_user("viewer");
  EXPECT_EQ(call(admin_, "POST", path, R"({"technicianId":")" + viewer.user_id + "\"}").status, 400);
  EXPECT_EQ(call(admin_, "POST", path, R"({"technicianId":"nobody"})").status, 400);
  EXPECT_EQ(call(admin_, "POST", path, "{}").status, 400);
  EXPECT_EQ(call(admin_, "POST", path, R"({"technicianId":null})").status, 200);
  EXPECT_EQ(call(principal("technician"), "POST", path, R"({"technicianId":null})").status, 403);
}

}  // namespace
}  // namespace patchbay::testing
