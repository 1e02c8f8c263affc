// Google in the real hub: consent with PKCE, the calendar and the mailbox read, pushes of both kinds, appointments and
// jobs that move on either side, a mail that is sent once.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;
using ::testing::HasSubstr;

class Google : public ::testing::Test {
 protected:
  Google()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", "50", "--seed", "3", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
    google_ =
        sdk::string_at(api_.post("/connections", sandbox_.google_connection(hub_.webhook_target() + "/google")), "id");
  }

  void authorize(const std::string& granted = "") {
    const auto started = api_.post("/connections/" + google_ + "/authorize", sdk::json::object());
    const auto asked = sdk::string_at(started, "authorizeUrl");
    EXPECT_THAT(asked, HasSubstr("code_challenge_method=S256"));
    EXPECT_THAT(asked, HasSubstr("access_type=offline"));
    EXPECT_THAT(asked, HasSubstr("prompt=consent"));
    const auto back = sandbox_.approve(asked + (granted.empty() ? "" : "&granted=" + sdk::url_encode(granted)));
    const auto seen = send_http(hub_.port(), {"GET", back.substr(hub_.url("").size()), {}, {}});
    ASSERT_EQ(seen.status, 200) << seen.text();
    ASSERT_EQ(sdk::string_at(api_.get("/connections/" + google_), "state"),
              granted.empty() ? "connected" : "needs_reconnect");
  }
  void open_channels() {
    sandbox_.control(
        "POST", "/webhooks",
        {{"service", "google"}, {"target", hub_.webhook_target()}, {"googleChannelToken", "sandbox-channel-token"}});
  }
  /// The hub's row of a record of Google's; null where there is none.
  value row(const std::string& path, const std::string& external_id) {
    const auto id = world_.value(
        "select coalesce(min(entity_id::text), '') from entity_links where service = 'google' and external_id = $1",
        {external_id});
    return id.empty() ? value() : api_.get(path + "/" + id);
  }
  /// The calendar's event with a summary; null where there is none.
  value event(const std::string& summary) {
    for (const auto& shown : sandbox_.truth("google", "events")) {
      if (sdk::string_at(shown, "summary") == summary) return shown;
    }
    return {};
  }
  bool becomes(const std::function<bool()>& holds) { return wait_until(holds, 30s, 50ms); }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string google_;
};

TEST_F(Google, CalendarAndMailboxAreAsTheTruthSays) {
  authorize();
  EXPECT_EQ(sdk::string_at(api_.get("/connections/" + google_), "accountId"), "owner@sandbox.example");
  const auto run = api_.sync(google_, "full", 120s);
  EXPECT_EQ(run.at("counts").at("failed").to_number<int>(), 0) << sdk::json::serialize(run);
  const auto events = sandbox_.truth("google", "events");
  ASSERT_GT(events.size(), 8U);
  EXPECT_EQ(api_.exact_count("/appointments"), static_cast<std::int64_t>(events.size()));
  for (const auto& shown : events) {
    const auto appointment = row("/appointments", sdk::string_at(shown, "id"));
    EXPECT_EQ(sdk::string_at(appointment, "title"), sdk::string_at(shown, "summary"));
    EXPECT_EQ(sdk::string_at(appointment, "status"), "SCHEDULED");
    const bool days = sdk::find_path(shown, "start.date") != nullptr;
    EXPECT_EQ(appointment.at("isAllDay").as_bool(), days);
    EXPECT_EQ(sdk::string_at(appointment, "scheduledStartAt"),
              days ? sdk::string_at(shown, "start.date") + "T00:00:00.000Z" : sdk::string_at(shown, "start.dateTime"));
  }
  const auto mails = sandbox_.truth("google", "messages");
  EXPECT_EQ(api_.exact_count("/messages"), static_cast<std::int64_t>(mails.size()));
  const auto again = api_.sync(google_, "incremental", 60s);
  EXPECT_EQ(again.at("counts").at("created").to_number<int>() + again.at("counts").at("updated").to_number<int>(), 0)
      << sdk::json::serialize(again);
}

TEST_F(Google, WhatItTellsIsSeenWithinAMoment) {
  authorize();
  const auto client = sdk::string_at(api_.post("/clients", {{"name", "Zoë"}, {"email", "zoe@example.com"}}), "id");
  api_.sync(google_, "full", 120s);
  open_channels();
  const auto id = sdk::string_at(sandbox_.truth("google", "events").front(), "id");
  sandbox_.control("PATCH", "/google/events/" + id, {{"summary", "Moved by hand"}});
  EXPECT_TRUE(becomes([&] { return sdk::string_at(row("/appointments", id), "title") == "Moved by hand"; }))
      << hub_.program().log_tail();
  sandbox_.control("DELETE", "/google/events/" + id, sdk::json::object());
  EXPECT_TRUE(becomes([&] { return sdk::string_at(row("/appointments", id), "status") == "CANCELLED"; }));
  const auto mail = sdk::string_at(
      sandbox_.control("POST", "/google/messages",
                       {{"from", "Zoë Ü <Zoe@example.com>"}, {"subject", "Größe?"}, {"text", "Wie groß?"}}),
      "id");
  EXPECT_TRUE(becomes([&] { return !row("/messages", mail).is_null(); })) << hub_.program().log_tail();
  const auto message = row("/messages", mail);
  EXPECT_EQ(sdk::string_at(message, "subject"), "Größe?");
  EXPECT_EQ(sdk::string_at(message, "body"), "Wie groß?");
  EXPECT_EQ(sdk::string_at(message, "direction"), "inbound");
  EXPECT_EQ(sdk::string_at(message, "clientId"), client);
}

TEST_F(Google, AForgedPushOrTokenIsRefused) {
  authorize();
  open_channels();
  EXPECT_TRUE(becomes(
      [&] { return sandbox_.look("/deliveries?service=google").at("counts").as_object().contains("delivered"); }));
  const auto post = [&](const sdk::Headers& headers, const std::string& body) {
    return send_http(hub_.port(), {"POST", "/api/v1/webhooks/google", headers, body}).status;
  };
  const sdk::Headers channel{
      {"X-Goog-Channel-ID", "c"}, {"X-Goog-Message-Number", "2"}, {"X-Goog-Resource-State", "exists"}};
  EXPECT_EQ(post(channel, ""), 401);
  auto guessed = channel;
  guessed.emplace_back("X-Goog-Channel-Token", "sandbox-channel-tokeN");
  EXPECT_EQ(post(guessed, ""), 401);
  EXPECT_EQ(post({{"Content-Type", "application/json"}}, R"({"message":{"messageId":"1","data":"e30"}})"), 401);
  sandbox_.control("POST", "/faults",
                   {{"service", "google"}, {"kind", "webhook_bad_signature"}, {"match", "gmail"}, {"count", 1}});
  sandbox_.control("POST", "/google/messages", {{"from", "a@example.com"}, {"subject", "x"}, {"text", "y"}});
  // The first try is forged and refused; the second is true.
  EXPECT_TRUE(becomes([&] {
    const auto seen = sandbox_.look("/deliveries?service=google");  // outlives the loop over what is in it
    for (const auto& entry : seen.at("data").as_array()) {
      if (entry.at("attempts").to_number<int>() == 2 && sdk::string_at(entry, "status") == "delivered") return true;
    }
    return false;
  }));
}

TEST_F(Google, AppointmentsAndJobsMoveOnEitherSide) {
  authorize();
  api_.sync(google_, "full", 120s);
  open_channels();
  const auto id = sdk::string_at(api_.post("/appointments", {{"title", "Boiler of Ann"},
                                                             {"scheduledStartAt", "2026-12-10T09:00:00Z"},
                                                             {"scheduledEndAt", "2026-12-10T10:00:00Z"}}),
                                 "id");
  ASSERT_TRUE(becomes([&] { return !event("Boiler of Ann").is_null(); })) << hub_.program().log_tail();
  EXPECT_EQ(sdk::string_at(event("Boiler of Ann"), "start.dateTime"), "2026-12-10T09:00:00.000Z");
  ASSERT_EQ(api_.send_json("PATCH", "/appointments/" + id, {{"scheduledStartAt", "2026-12-10T09:30:00Z"}}).status, 200);
  EXPECT_TRUE(
      becomes([&] { return sdk::string_at(event("Boiler of Ann"), "start.dateTime") == "2026-12-10T09:30:00.000Z"; }));
  const auto event_id = sdk::string_at(event("Boiler of Ann"), "id");
  sandbox_.control("PATCH", "/google/events/" + event_id, {{"location", "1 Main St"}});
  EXPECT_TRUE(becomes([&] { return sdk::string_at(api_.get("/appointments/" + id), "location") == "1 Main St"; }));
  ASSERT_EQ(api_.send_json("POST", "/appointments/" + id + "/status", {{"status", "CANCELLED"}}).status, 200);
  EXPECT_TRUE(becomes([&] { return event("Boiler of Ann").is_null(); }));

  const auto client = sdk::string_at(api_.post("/clients", {{"name", "Ann"}}), "id");
  const auto job = sdk::string_at(api_.post("/jobs", {{"clientId", client}, {"title", "Paint the fence"}}), "id");
  ASSERT_EQ(api_.send_json("POST", "/jobs/" + job + "/schedule",
                           {{"scheduledStart", "2026-12-11T08:00:00Z"}, {"scheduledEnd", "2026-12-11T12:00:00Z"}})
                .status,
            200);
  ASSERT_TRUE(becomes([&] { return !event("Paint the fence").is_null(); })) << hub_.program().log_tail();
  const auto job_event = sdk::string_at(event("Paint the fence"), "id");
  sandbox_.control(
      "PATCH", "/google/events/" + job_event,
      {{"start", {{"dateTime", "2026-12-12T08:00:00Z"}}}, {"end", {{"dateTime", "2026-12-12T12:00:00Z"}}}});
  EXPECT_TRUE(becomes(
      [&] { return sdk::string_at(api_.get("/jobs/" + job), "scheduledStart") == "2026-12-12T08:00:00.000Z"; }));
  EXPECT_EQ(sdk::string_at(api_.get("/appointments/" + id), "status"), "CANCELLED") << "called off, not gone";
  EXPECT_EQ(world_.number("select count(*) from appointments where title = 'Paint the fence'"), 0)
      << "a job's event is no appointment";
}

TEST_F(Google, AMailGoesOutOnce) {
  authorize();
  const auto sent = api_.send_json(
      "POST", "/messages",
      {{"channel", "email"}, {"to", "zoe@example.com"}, {"subject", "Grüße"}, {"body", "Wir kommen um 9 Uhr."}});
  ASSERT_LT(sent.status, 300) << sent.text();
  const auto mails = [&] {
    std::vector<value> found;
    for (const auto& shown : sandbox_.truth("google", "messages")) {
      for (const auto& header : shown.at("payload").at("headers").as_array()) {
        if (sdk::string_at(header, "name") == "To" && sdk::string_at(header, "value") == "zoe@example.com")
          found.push_back(shown);
      }
    }
    return found;
  };
  ASSERT_TRUE(becomes([&] { return !mails().empty(); })) << hub_.program().log_tail();
  EXPECT_TRUE(becomes([&] { return sdk::string_at(api_.get("/messages/" + sent.at("data.id")), "status") == "sent"; }));
  EXPECT_EQ(mails().size(), 1U);
  EXPECT_EQ(sdk::string_at(mails().front(), "labelIds[0]"), "SENT");
  // Its echo is the message that was sent, not another one.
  api_.sync(google_, "full", 120s);
  EXPECT_EQ(world_.number("select count(*) from messages where to_address like '%zoe@example.com%'"), 1);
}

TEST_F(Google, AnUntickedPermissionIsNamed) {
  authorize("openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/calendar.events");
  EXPECT_THAT(sdk::json::serialize(api_.get("/connections/" + google_)), HasSubstr("gmail.modify"));
  EXPECT_THAT(sdk::json::serialize(api_.get("/connections/" + google_ + "/health")), HasSubstr("gmail.modify"));
}

}  // namespace
}  // namespace patchbay::testing
