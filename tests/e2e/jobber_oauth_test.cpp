// A connection by OAuth 2.0: its owner agrees on the service's own page, the token is renewed once when it expires.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;

class JobberOAuth : public ::testing::Test {
 protected:
  explicit JobberOAuth(std::vector<std::string> options = {"--clients", "400"})
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})), sandbox_(options), api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
    const auto made = api_.post("/connections", sandbox_.jobber_connection());
    connection_ = sdk::string_at(made, "id");
    EXPECT_EQ(sdk::string_at(made, "state"), "new") << sdk::json::serialize(made);
  }

  std::string authorize_url() const {
    return sdk::string_at(api_.post("/connections/" + connection_ + "/authorize", sdk::json::object()), "authorizeUrl");
  }
  HttpAnswer come_back(const std::string& location) const {
    return send_http(hub_.port(), {"GET", location.substr(hub_.url("").size()), {}, {}});
  }
  std::string state() const { return sdk::string_at(api_.get("/connections/" + connection_), "state"); }
  std::int64_t calls(const std::string& match) const {
    return static_cast<std::int64_t>(
        sandbox_.look("/calls?service=jobber&limit=10000&match=" + match).at("data").as_array().size());
  }
  void authorize() {
    const auto seen = come_back(sandbox_.approve(authorize_url()));
    ASSERT_EQ(seen.status, 200) << seen.text();
    ASSERT_EQ(state(), "connected");
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string connection_;
};

TEST_F(JobberOAuth, ConnectsByItsOwnersConsent) {
  EXPECT_EQ(api_.send_json("POST", "/connections/" + connection_ + "/sync", {{"mode", "full"}}).status, 409)
      << "nothing can be synced before its owner agreed";
  const auto location = sandbox_.approve(authorize_url());
  ASSERT_TRUE(location.starts_with(hub_.url("/api/v1/oauth/callback?"))) << location;
  const auto seen = come_back(location);
  EXPECT_EQ(seen.status, 200) << seen.text();
  EXPECT_EQ(state(), "connected");
  const auto connection = api_.send("GET", "/connections/" + connection_);
  EXPECT_EQ(connection.body.find("jobber-sandbox-secret"), std::string::npos) << "credentials are never read back";
  EXPECT_FALSE(connection.at("data.accountId").empty()) << connection.text();
  // The way back works once.
  EXPECT_EQ(come_back(location).status, 400);
  EXPECT_EQ(state(), "connected");
  const auto health = api_.get("/connections/" + connection_ + "/health");
  EXPECT_TRUE(health.at("healthy").as_bool()) << sdk::json::serialize(health);
}

TEST_F(JobberOAuth, StaysNewWhereTheOwnerRefusesOrSomebodyForges) {
  EXPECT_EQ(come_back(hub_.url("/api/v1/oauth/callback")).status, 400);
  EXPECT_EQ(come_back(hub_.url("/api/v1/oauth/callback?code=abc&state=forged")).status, 400);
  const auto url = authorize_url();
  const auto state_at = url.find("state=");
  ASSERT_NE(state_at, std::string::npos);
  const auto wrong_code = come_back(hub_.url("/api/v1/oauth/callback?code=never-given&" + url.substr(state_at)));
  EXPECT_GE(wrong_code.status, 400) << wrong_code.text();
  EXPECT_EQ(state(), "new");
  authorize();
}

TEST_F(JobberOAuth, RenewsATokenThatExpiresInTheMiddleOfARunOnce) {
  sandbox_.lift_limits();
  authorize();
  sandbox_.control("POST", "/faults",
                   {{"service", "jobber"}, {"match", "List"}, {"kind", "latency"}, {"milliseconds", 150}});
  const auto run = api_.start_sync(connection_);
  ASSERT_TRUE(wait_until([&] { return calls("ListClients") >= 2; }, 60s, 10ms)) << "the run does not list clients";
  sandbox_.control("POST", "/clock", {{"advanceSeconds", 2 * 3600}});
  const auto ended = api_.wait_for_run(run, 120s);
  EXPECT_EQ(sdk::string_at(ended, "state"), "succeeded") << sdk::json::serialize(ended);
  EXPECT_EQ(calls("oauth/token"), 2) << "one call for the code, one to renew";
  EXPECT_EQ(api_.exact_count("/clients"), static_cast<std::int64_t>(sandbox_.truth("jobber", "clients").size()));
  EXPECT_EQ(api_.exact_count("/jobs"), static_cast<std::int64_t>(sandbox_.truth("jobber", "jobs").size()));
  EXPECT_EQ(state(), "connected");
  EXPECT_EQ(world_.number("select count(*) from token_journal where outcome = 'stored'"), 1)
      << world_.value("select string_agg(outcome, ' ' order by id) from token_journal");
}

TEST_F(JobberOAuth, AsksForItsOwnerWhereTheGrantIsGone) {
  sandbox_.lift_limits();
  authorize();
  // Somebody else has used the refresh token: Jobber takes it from nobody any more.
  sandbox_.control("POST", "/faults",
                   {{"service", "jobber"}, {"match", "oauth/token"}, {"kind", "expired_token"}, {"count", 100}});
  sandbox_.control("POST", "/clock", {{"advanceSeconds", 2 * 3600}});
  const auto run = api_.wait_for_run(api_.start_sync(connection_), 120s);
  EXPECT_EQ(sdk::string_at(run, "state"), "failed") << sdk::json::serialize(run);
  EXPECT_EQ(state(), "needs_reconnect");
  sandbox_.control("DELETE", "/faults", sdk::json::object());
  authorize();
  api_.sync(connection_, "full", 120s);
}

class JobberLimits : public JobberOAuth {
 protected:
  JobberLimits() : JobberOAuth({"--clients", "250", "--rate-limits", "on"}) {}
};

/// Jobber's true query budget: the connector waits for it instead of being refused.
TEST_F(JobberLimits, AreKept) {
  authorize();
  const auto run = api_.sync(connection_, "full", 240s);
  EXPECT_EQ(run.at("counts").at("failed").to_number<int>(), 0) << sdk::json::serialize(run);
  EXPECT_EQ(api_.exact_count("/clients"), static_cast<std::int64_t>(sandbox_.truth("jobber", "clients").size()));
}

}  // namespace
}  // namespace patchbay::testing
