// Servers that somebody else runs: they may come up later than the hub and go away under it.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;

std::string health(const HubProcess& hub, const std::string& member) {
  return send_http(hub.port(), {"GET", "/health/ready", {}, {}}).at(member);
}

TEST(ExternalServers, MayComeUpLaterThanTheHub) {
  auto& launcher = TestServers::instance().launcher();
  PostgresServer postgres(launcher);
  RedisServer redis(launcher);
  postgres.stop();
  redis.stop();
  HubProcess hub({{"PATCHBAY_DATABASE_URL", postgres.url()}, {"PATCHBAY_REDIS_URL", redis.url()}});
  hub.launch();
  ASSERT_TRUE(hub.program().wait_for_log("waiting for PostgreSQL", 30s)) << hub.program().log_tail();
  EXPECT_TRUE(hub.program().running()) << "the hub gave up";
  postgres.start();
  ASSERT_TRUE(hub.wait_until_ready(60s)) << hub.program().log_tail();
  EXPECT_NE(hub.program().log().find("Redis cannot be reached"), std::string::npos) << hub.program().log_tail();
  EXPECT_EQ(health(hub, "redis"), "unreachable");
  HubApi api(hub.port());
  api.sign_in();
  const auto id = sdk::string_at(api.post("/clients", {{"name", "Without Redis"}}), "id");
  EXPECT_EQ(sdk::string_at(api.get("/clients/" + id), "name"), "Without Redis");
  redis.start();
  EXPECT_TRUE(wait_until([&] { return health(hub, "redis") == "ok"; }, 30s, 20ms))
      << "Redis is not found when it comes";
  EXPECT_EQ(hub.stop(), 0) << hub.program().log_tail();
}

TEST(ExternalServers, AHubThatWaitsCanBeStopped) {
  PostgresServer postgres(TestServers::instance().launcher());
  postgres.stop();
  HubProcess hub(
      {{"PATCHBAY_DATABASE_URL", postgres.url()}, {"PATCHBAY_REDIS_URL", TestServers::instance().redis().url()}});
  hub.launch();
  ASSERT_TRUE(hub.program().wait_for_log("waiting for PostgreSQL", 30s)) << hub.program().log_tail();
  EXPECT_EQ(hub.program().stop(10s), 0) << hub.program().log_tail();
}

TEST(ExternalServers, MayGoAwayAndComeBack) {
  HubWorld world;
  HubProcess hub(world.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}}));
  hub.start();
  HubApi api(hub.port());
  api.sign_in();
  auto& postgres = TestServers::instance().postgres();
  postgres.kill();
  EXPECT_TRUE(wait_until([&] { return health(hub, "status") == "unavailable"; }, 30s, 20ms))
      << "the hub calls itself ready without PostgreSQL";
  const auto refused = api.send("GET", "/clients");
  EXPECT_EQ(refused.status, 503) << refused.text();
  EXPECT_FALSE(refused.header("Retry-After").empty()) << refused.text();
  EXPECT_EQ(send_http(hub.port(), {"GET", "/health/live", {}, {}}).status, 200);
  postgres.start();
  EXPECT_TRUE(wait_until([&] { return api.send("GET", "/clients").status == 200; }, 30s, 20ms))
      << "the hub does not find PostgreSQL again";
  EXPECT_EQ(api.send_json("POST", "/clients", {{"name", "After"}}).status, 201);
}

TEST(ExternalServers, AWrongUrlIsToldPlainly) {
  HubProcess hub(
      {{"PATCHBAY_DATABASE_URL", "mysql://root@localhost/x"}, {"PATCHBAY_REDIS_URL", "redis://127.0.0.1:1"}});
  hub.launch();
  const auto code = hub.program().wait(20s);
  ASSERT_TRUE(code.has_value()) << hub.program().log_tail();
  EXPECT_TRUE(code == 3 || code == 4) << "exit code " << *code;
  EXPECT_NE(hub.program().log().find("database.url"), std::string::npos) << hub.program().log();
}

}  // namespace
}  // namespace patchbay::testing
