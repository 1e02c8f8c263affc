// Killed at random instants, nothing that was acknowledged is lost and nothing takes effect twice.
#include "tests/support/hub_world.hpp"
#include "tests/support/sandbox_comparison.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <thread>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;
using ::testing::IsEmpty;

constexpr auto kSettleLimit = 240s;

int figure(const char* name, int fallback) {
  const char* given = std::getenv(name);
  return given == nullptr ? fallback : std::atoi(given);
}

/// Runs one step again and again on a thread of its own until it is ended.
class Load {
 public:
  explicit Load(std::function<void()> step) : thread_([this, step = std::move(step)] { run(step); }) {}
  ~Load() { end(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }
  /// What ended it early; empty: nothing.
  const std::string& problem() const { return problem_; }

 private:
  void run(const std::function<void()>& step) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, 20ms, [this] { return ending_; })) {
      lock.unlock();
      try {
        step();
      } catch (const std::exception& error) {
        problem_ = error.what();
        return;
      }
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::string problem_;
  std::thread thread_;
};

class Faults : public ::testing::Test {
 protected:
  Faults()
      : seed_(static_cast<unsigned>(figure("PATCHBAY_TEST_SEED", static_cast<int>(std::random_device{}() >> 1)))),
        random_(seed_),
        hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}, {"PATCHBAY_QUEUE_LEASE", "5s"}})),
        sandbox_({"--clients", "200", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    std::cout << "PATCHBAY_TEST_SEED=" << seed_ << "\n";
    sandbox_.lift_limits();
    hub_.start();
    api_.sign_in();
    stripe_ = api_.connect(sandbox_.stripe_connection());
    jobber_ = connect_jobber(api_, hub_, sandbox_);
    api_.sync(stripe_, "full", 120s);
    api_.sync(jobber_, "full", 120s);
    for (const auto& invoice : sandbox_.truth("stripe", "invoices")) invoices_.push_back(sdk::string_at(invoice, "id"));
  }

  ~Faults() override { TestServers::instance().redis().start(); }

  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  /// Changes at the services, each told by a webhook: new clients, names, invoices' subjects.
  void change_something(int count) {
    sandbox_.control("POST", "/burst", {{"service", "jobber"}, {"kind", "clients"}, {"count", 3}});
    const auto& invoice = invoices_[static_cast<std::size_t>(count) % invoices_.size()];
    sandbox_.control("PATCH", "/stripe/invoices/" + invoice, {{"description", "Change " + std::to_string(count)}});
    if (count % 4 != 0) return;
    const std::string name = "newcomer" + std::to_string(count);
    sandbox_.control("POST", "/stripe/customers", {{"name", name}, {"email", name + "@example.org"}});
  }

  /// Keeps a full run of each service going. A hub that is away is no reason to stop.
  void keep_syncing() {
    for (const auto& connection : {stripe_, jobber_}) {
      const auto runs = api_.send("GET", "/sync/runs?pageSize=1&connectionId=" + connection);
      const auto state = runs.at("data[0].state");
      if (runs.status != 200 || state == "queued" || state == "running") continue;
      api_.send_json("POST", "/connections/" + connection + "/sync", {{"mode", "full"}});
    }
  }

  /// An instant after something between none and many more webhooks were acknowledged.
  void let_some_work_happen() {
    const auto wanted = acknowledged() + between(0, 40);
    const auto pause = std::chrono::milliseconds(between(0, 700));
    const auto until = std::chrono::steady_clock::now() + pause;
    wait_until([&] { return std::chrono::steady_clock::now() >= until && acknowledged() >= wanted; }, 5s, 10ms);
  }

  std::int64_t acknowledged() const {
    const auto counts = sandbox_.look("/deliveries?limit=1").at("counts");
    const auto* delivered = sdk::find_member(counts, "delivered");
    return delivered == nullptr ? 0 : delivered->to_number<std::int64_t>();
  }

  /// All deliveries ended, all work is done, no run under way.
  bool settled() {
    return sandbox_.look("/deliveries?limit=1").at("pending").to_number<std::int64_t>() == 0 &&
           world_.number("select count(*) from work_items where state in ('due', 'claimed')") == 0 &&
           world_.number("select count(*) from sync_runs where state in ('queued', 'running')") == 0;
  }

  std::string open_work() {
    return world_.value(
        "select coalesce(string_agg(kind || ' ' || state || ' x' || n || coalesce(': ' || error, ''), '; '), '') from"
        " (select kind, state, count(*) as n, max(last_error->>'message') as error from work_items group by 1, 2) w");
  }

  void expect_nothing_lost_and_nothing_twice() {
    ASSERT_TRUE(wait_until([&] { return settled(); }, kSettleLimit, 200ms))
        << "the work does not end: " << open_work() << "; deliveries "
        << sdk::json::serialize(sandbox_.look("/deliveries?limit=1").at("counts"));
    EXPECT_EQ(world_.number("select count(*) from work_items where state = 'dead'"), 0) << open_work();
    EXPECT_EQ(world_.number("select count(*) from sync_runs where state <> 'succeeded'"), 0) << world_.value(
        "select string_agg(state || coalesce(error::text, ''), '; ') from sync_runs where state <> "
        "'succeeded'");
    expect_every_acknowledged_event_applied_once();
    EXPECT_EQ(world_.number("select count(*) from (select entity_id, data->>'version' from outbox group by 1, 2"
                            " having count(*) > 1) twice"),
              0)
        << "a change was told twice";
    EXPECT_EQ(world_.number("select count(*) from (select entity_id from outbox where action like '%.created'"
                            " group by 1 having count(*) > 1) twice"),
              0)
        << "an entity was made twice";
    // The row as it is was told last: neither a write without an event nor an event without its write.
    EXPECT_EQ(world_.number("select count(*) from clients c where version <> (select max((data->>'version')::bigint)"
                            " from outbox o where o.entity_id = c.id)"),
              0);
    EXPECT_THAT(SandboxComparison(api_, sandbox_).differences(), IsEmpty());
    const auto balance = api_.get("/guarantees");
    EXPECT_EQ(balance.at("webhooks").at("difference").to_number<std::int64_t>(), 0) << sdk::json::serialize(balance);
    EXPECT_EQ(balance.at("atRisk").is_null() ? -1 : balance.at("atRisk").to_number<std::int64_t>(), 0)
        << sdk::json::serialize(balance);
  }

  void expect_every_acknowledged_event_applied_once() {
    std::set<std::string> events;
    const auto deliveries = sandbox_.look("/deliveries?service=stripe&limit=50000");
    for (const auto& delivery : deliveries.at("data").as_array()) {
      EXPECT_EQ(sdk::string_at(delivery, "status"), "delivered") << sdk::json::serialize(delivery);
      if (sdk::string_at(delivery, "status") == "delivered") events.insert(sdk::string_at(delivery, "eventId"));
    }
    EXPECT_FALSE(events.empty());
    std::map<std::string, std::string> stored;
    const auto rows = world_.query(
        "select dedupe_key, count(*) as n, max(state || ' ' || coalesce(outcome, '')) as how from work_items"
        " where kind = 'webhook' and connection_id = $1 group by 1",
        {stripe_});
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto key = rows.text(row, "dedupe_key");
      stored[key.substr(key.find(':') + 1)] = rows.text(row, "n") + " " + rows.text(row, "how");
    }
    for (const auto& event : events) EXPECT_EQ(stored[event], "1 done applied") << event;
    std::cout << events.size() << " of Stripe's events acknowledged, "
              << world_.number("select count(*) from work_items where kind = 'webhook'") << " webhooks stored, "
              << world_.number("select count(*) from sync_runs") << " runs\n";
  }

  const unsigned seed_;
  std::mt19937 random_;
  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string stripe_, jobber_;
  std::vector<std::string> invoices_;
};

TEST_F(Faults, KilledHostAndWipedAndKilledRedisLoseNothing) {
  enum class Blow { kKillHost, kWipeRedis, kKillRedis };
  std::vector<Blow> blows;
  blows.insert(blows.end(), static_cast<std::size_t>(figure("PATCHBAY_TEST_KILLS", 4)), Blow::kKillHost);
  blows.insert(blows.end(), static_cast<std::size_t>(figure("PATCHBAY_TEST_WIPES", 2)), Blow::kWipeRedis);
  blows.insert(blows.end(), static_cast<std::size_t>(figure("PATCHBAY_TEST_REDIS_KILLS", 2)), Blow::kKillRedis);
  std::shuffle(blows.begin(), blows.end(), random_);
  auto& redis = TestServers::instance().redis();

  int changes = 0;
  Load changing([&] { change_something(++changes); });
  Load syncing([&] { keep_syncing(); });
  for (const Blow blow : blows) {
    let_some_work_happen();
    switch (blow) {
      case Blow::kKillHost:
        hub_.kill();
        hub_.start();
        break;
      case Blow::kWipeRedis:
        ASSERT_EQ(redis_command(redis, "FLUSHALL"), "+OK");
        break;
      case Blow::kKillRedis:
        redis.kill();
        let_some_work_happen();
        redis.start();
        break;
    }
  }
  let_some_work_happen();
  changing.end();
  syncing.end();
  EXPECT_EQ(changing.problem(), "");
  EXPECT_EQ(syncing.problem(), "");
  expect_nothing_lost_and_nothing_twice();
}

/// Webhooks that come while PostgreSQL is away are kept in Redis and applied when it is back.
TEST_F(Faults, KilledPostgresLosesNothing) {
  auto& postgres = TestServers::instance().postgres();
  int changes = 0;
  Load changing([&] { change_something(++changes); });
  for (int round = 0; round < 3; ++round) {
    let_some_work_happen();
    const auto before = acknowledged();
    postgres.kill();
    EXPECT_TRUE(wait_until([&] { return acknowledged() > before + 20; }, 30s, 20ms))
        << "without PostgreSQL no webhook is acknowledged";
    if (round == 1) {  // both at once: what Redis holds must survive the host
      hub_.kill();
      hub_.launch();
    }
    postgres.start();
    ASSERT_TRUE(hub_.wait_until_ready(60s)) << hub_.program().log_tail();
  }
  let_some_work_happen();
  changing.end();
  EXPECT_EQ(changing.problem(), "");
  expect_nothing_lost_and_nothing_twice();
}

}  // namespace
}  // namespace patchbay::testing
