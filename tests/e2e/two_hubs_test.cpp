// Two hub processes on one PostgreSQL and Redis are two hosts of one hub.
#include "platform/base/digest.hpp"
#include "tests/support/hub_world.hpp"
#include "tests/support/sandbox_comparison.hpp"
#include "tests/support/wait.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>

#include <thread>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;
using ::testing::IsEmpty;

constexpr auto kLimit = 60s;

/// The sum of all lines of a metric.
double metric(const HubApi& api, const std::string& name) {
  std::istringstream lines(api.send("GET", "/metrics").body);
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name) && (line[name.size()] == '{' || line[name.size()] == ' '))
      sum += std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

class TwoHubs : public ::testing::Test {
 protected:
  explicit TwoHubs(Program::Environment more = {{"PATCHBAY_ROLES", "api,webhooks,worker"}})
      : first_(world_.settings(more)),
        second_(world_.settings(more)),
        first_api_(first_.port()),
        second_api_(second_.port()) {
    // Both at once: the migrations and the first administrator happen once as well.
    first_.launch();
    second_.launch();
    EXPECT_TRUE(first_.wait_until_ready(kLimit)) << first_.program().log_tail();
    EXPECT_TRUE(second_.wait_until_ready(kLimit)) << second_.program().log_tail();
    first_api_.sign_in();
    second_api_.sign_in();
  }

  bool all_done(const std::string& kind) {
    return world_.number("select count(*) from work_items where kind = $1 and state <> 'done'", {kind}) == 0;
  }
  /// Versions of entities that were told more than once.
  std::int64_t told_twice() {
    return world_.number(
        "select count(*) from (select entity_id, data->>'version' from outbox group by 1, 2 having count(*) > 1) "
        "twice");
  }

  HubWorld world_;
  HubProcess first_, second_;
  HubApi first_api_, second_api_;
};

TEST_F(TwoHubs, ShareTheWorkAndApplyNoEventTwice) {
  SandboxProcess sandbox({"--clients", "300", "--webhook-target", first_.webhook_target()});
  sandbox.lift_limits();
  const auto stripe = first_api_.connect(sandbox.stripe_connection());
  const auto jobber = connect_jobber(first_api_, first_, sandbox);
  first_api_.sync(stripe, "full", kLimit);
  second_api_.sync(jobber, "full", kLimit);
  EXPECT_THAT(SandboxComparison(second_api_, sandbox).differences(), IsEmpty());

  sandbox.control("POST", "/faults", {{"service", "jobber"}, {"kind", "webhook_duplicate"}, {"share", 0.5}});
  sandbox.control("POST", "/burst", {{"service", "jobber"}, {"kind", "clients"}, {"count", 400}});
  ASSERT_TRUE(wait_until(
      [&] { return sandbox.look("/deliveries?limit=1").at("pending").to_number<int>() == 0 && all_done("webhook"); },
      120s, 100ms))
      << sdk::json::serialize(sandbox.look("/deliveries?limit=1"));
  EXPECT_THAT(SandboxComparison(second_api_, sandbox).differences(), IsEmpty());
  EXPECT_EQ(told_twice(), 0);
  EXPECT_GT(metric(first_api_, "patchbay_queue_finished_total"), 0);
  EXPECT_GT(metric(second_api_, "patchbay_queue_finished_total"), 0) << "the second host took no work";
}

TEST_F(TwoHubs, StoreTheSameEventOnceWhoeverIsGivenIt) {
  SandboxProcess sandbox({"--clients", "20"});
  first_api_.connect(sandbox.stripe_connection());
  const auto customer = sdk::string_at(sandbox.truth("stripe", "customers").front(), "id");
  const auto send = [&](const HubProcess& hub, int index) {
    const auto body = sdk::json::serialize(value{{"id", "evt_same" + std::to_string(index)},
                                                 {"object", "event"},
                                                 {"type", "customer.updated"},
                                                 {"created", 1'700'000'000},
                                                 {"data", {{"object", {{"id", customer}, {"object", "customer"}}}}}});
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    const auto signature = sdk::hex_encode(base::hmac_sha256("whsec_sandbox", std::to_string(now) + "." + body));
    return send_http(hub.port(), {"POST",
                                  "/api/v1/webhooks/stripe",
                                  {{"Content-Type", "application/json"},
                                   {"Stripe-Signature", "t=" + std::to_string(now) + ",v1=" + signature}},
                                  body})
        .status;
  };
  // The second host hears of the connection from the first.
  ASSERT_TRUE(wait_until([&] { return send(second_, 0) == 200; }, 5s, 20ms))
      << "the second host does not know the connection";
  std::atomic<int> refused{0};
  const auto all = [&](const HubProcess& hub) {
    for (int index = 0; index < 150; ++index) refused += send(hub, index) != 200;
  };
  std::thread other([&] { all(second_); });
  all(first_);
  other.join();
  EXPECT_EQ(refused, 0);
  EXPECT_TRUE(wait_until([&] { return all_done("webhook"); }, kLimit, 50ms));
  EXPECT_EQ(world_.number("select count(*) from work_items where kind = 'webhook'"), 150);
  EXPECT_EQ(first_api_.exact_count("/clients"), 1) << "one customer was told of";
  EXPECT_EQ(told_twice(), 0);
}

TEST_F(TwoHubs, RenewATokenOnce) {
  SandboxProcess sandbox({"--clients", "200", "--webhook-target", first_.webhook_target()});
  sandbox.lift_limits();
  const auto jobber = connect_jobber(first_api_, first_, sandbox);
  first_api_.sync(jobber, "full", kLimit);
  sandbox.control("POST", "/clock", {{"advanceSeconds", 2 * 3600}});
  // Both hosts find the token expired at the same time.
  sandbox.control("POST", "/burst", {{"service", "jobber"}, {"kind", "clients"}, {"count", 200}});
  const auto run = first_api_.start_sync(jobber, "full");
  const auto health = second_api_.get("/connections/" + jobber + "/health");
  EXPECT_TRUE(health.at("healthy").as_bool()) << sdk::json::serialize(health);
  EXPECT_EQ(sdk::string_at(first_api_.wait_for_run(run, kLimit), "state"), "succeeded");
  EXPECT_TRUE(wait_until([&] { return all_done("webhook"); }, kLimit, 100ms));
  const auto calls = sandbox.look("/calls?service=jobber&limit=10000&match=oauth/token").at("data").as_array();
  EXPECT_EQ(calls.size(), 2U) << "one call for the code, one to renew: " << sdk::json::serialize(calls);
  EXPECT_EQ(sdk::string_at(second_api_.get("/connections/" + jobber), "state"), "connected");
}

/// Who signs out or changes a password at one host has no session at the other.
TEST_F(TwoHubs, KnowEachOthersSessions) {
  EXPECT_EQ(second_api_.send("GET", "/auth/me").status, 200);
  HubApi visitor(second_.port());
  visitor.sign_in();
  const auto with_token = [&](const HubProcess& hub) {
    return send_http(hub.port(), {"GET", "/api/v1/auth/me", {{"Authorization", "Bearer " + visitor.token()}}, {}})
        .status;
  };
  EXPECT_EQ(with_token(first_), 200) << "a token of one host is good at the other";
  EXPECT_EQ(visitor.send_json("POST", "/auth/logout", sdk::json::object()).status / 100, 2);
  EXPECT_TRUE(wait_until([&] { return with_token(first_) == 401; }, 10s, 20ms))
      << "the session lives on at the other host";
}

/// The list of connections is told over Redis; a host that could not hear of a new one still knows it.
TEST_F(TwoHubs, ApplyEventsOfAConnectionThatAHostHasNotHeardOf) {
  const Program::Environment door{{"PATCHBAY_ROLES", "api,webhooks"}};
  auto& redis = TestServers::instance().redis();
  ASSERT_EQ(first_.stop(), 0);
  ASSERT_EQ(second_.stop(), 0);
  HubProcess doorman(world_.settings(door));
  HubProcess worker(world_.settings({{"PATCHBAY_ROLES", "worker"}}));
  doorman.start();
  worker.start();
  redis.kill();
  const auto start_redis = std::shared_ptr<void>(nullptr, [&](void*) { redis.start(); });
  HubApi api(doorman.port());
  api.sign_in();
  SandboxProcess sandbox({"--clients", "20", "--webhook-target", doorman.webhook_target()});
  api.connect(sandbox.stripe_connection());
  sandbox.control("POST", "/stripe/customers", {{"name", "Early Bird"}, {"email", "early@example.org"}});
  EXPECT_TRUE(wait_until(
      [&] { return world_.number("select count(*) from work_items where kind = 'webhook' and state = 'done'") == 1; },
      kLimit, 50ms));
  EXPECT_EQ(world_.value("select outcome from work_items where kind = 'webhook'"), "applied");
  EXPECT_EQ(world_.number("select count(*) from clients where email = 'early@example.org'"), 1);
}

class TwoSchedulers : public TwoHubs {
 protected:
  TwoSchedulers()
      : TwoHubs({{"PATCHBAY_ROLES", "api,webhooks,worker,scheduler"}, {"PATCHBAY_SYNC_DEFAULT_INTERVAL", "2s"}}) {}
};

TEST_F(TwoSchedulers, TickOnce) {
  SandboxProcess sandbox({"--clients", "30"});
  first_api_.connect(sandbox.stripe_connection());
  const auto runs = "select count(*) from sync_runs where trigger = 'schedule' and state = 'succeeded'";
  ASSERT_TRUE(wait_until([&] { return world_.number(runs) >= 6; }, kLimit, 50ms));
  EXPECT_EQ(world_.number("select count(*) from (select created_at - lag(created_at) over (order by created_at) as gap"
                          " from sync_runs where trigger = 'schedule') g where gap < interval '1900 milliseconds'"),
            0)
      << "a tick happened twice";
  EXPECT_EQ(world_.number("select count(*) from sync_runs where trigger = 'schedule' and state = 'failed'"), 0);
  EXPECT_EQ(first_api_.exact_count("/clients"), static_cast<std::int64_t>(sandbox.truth("stripe", "customers").size()));
}

}  // namespace
}  // namespace patchbay::testing
