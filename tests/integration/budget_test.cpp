// Rate budgets over processes: what two of them spend together is what one may, and a Redis that goes away neither
// stops calls nor lets them through.
#include "engine/limits/budgeted_http.hpp"
#include "platform/base/ids.hpp"
#include "tests/support/program.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <list>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using limits::RateBudgets;

constexpr double kNearlyNone = 0.0001;  // refill that does not come in a test's time

sdk::CallContext context_of(sdk::Lane lane, std::chrono::milliseconds limit = 200ms) {
  sdk::CallContext context;
  context.lane = lane;
  context.deadline = std::chrono::steady_clock::now() + limit;
  return context;
}

/// Each has a Redis of its own: some tests end it.
class BudgetTest : public ::testing::Test {
 protected:
  BudgetTest() : server_(TestServers::instance().launcher()) { server_.start(); }
  /// Budgets of another process, as far as Redis can tell.
  struct Host {
    explicit Host(const std::string& url) : redis(settings(url), metrics), budgets(&redis) {}
    static redis::RedisSettings settings(const std::string& url) {
      redis::RedisSettings made;
      made.url = url;
      made.name = "budgets";
      made.command_timeout = 500ms;
      made.connect_timeout = 250ms;
      return made;
    }
    std::shared_ptr<limits::RateBudget> budget(const sdk::RateBudgetDescription& description) {
      return budgets.of_subject("books:1", {description}).at(description.group);
    }
    base::Metrics metrics;
    redis::Client redis;
    RateBudgets budgets;
  };
  static int spend(limits::RateBudget& budget, sdk::Lane lane, int most, double cost = 1) {
    int calls = 0;
    while (calls < most && budget.take(context_of(lane), cost).ok()) ++calls;
    return calls;
  }

  RedisServer server_;
};

TEST_F(BudgetTest, TwoProcessesTogetherSpendWhatOneMay) {
  const auto began = std::chrono::steady_clock::now();
  std::list<Program> workers;
  for (int index = 0; index < 2; ++index) {
    Program& worker = workers.emplace_back("budget_worker");
    worker.start({built_program("tests/budget_worker"), server_.url(), "storm", "interactive", "3000"});
  }
  int calls = 0;
  for (Program& worker : workers) {
    ASSERT_EQ(worker.wait(30s), 0) << worker.log();
    const std::string log = worker.log();
    calls += std::stoi(log.substr(log.find("calls ") + 6));
  }
  // 40 points at first and 20 a second; each by itself would make 100 calls.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  EXPECT_LE(calls, 40 + 20 * took.count() + 1);
  EXPECT_GE(calls, 40 + 20 * 2);
}

TEST_F(BudgetTest, LanesLeaveAReserveForThoseBeforeThemWhereverTheyRun) {
  Host first(server_.url()), second(server_.url());
  const sdk::RateBudgetDescription description{"*", 100, kNearlyNone, 0};
  const auto mine = first.budget(description), others = second.budget(description);
  EXPECT_EQ(spend(*mine, sdk::Lane::kBackfill, 200), 60);
  EXPECT_EQ(spend(*others, sdk::Lane::kBackfill, 200), 0) << "the other process knows";
  EXPECT_EQ(spend(*others, sdk::Lane::kSync, 200), 15);
  EXPECT_EQ(spend(*mine, sdk::Lane::kWebhook, 200), 15);
  EXPECT_EQ(spend(*others, sdk::Lane::kInteractive, 200), 10);
  const auto refused = mine->take(context_of(sdk::Lane::kInteractive), 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "http.budget");
}

TEST_F(BudgetTest, CallsUnderWayAreBoundedOverProcesses) {
  Host first(server_.url()), second(server_.url());
  const sdk::RateBudgetDescription description{"*", 0, 0, 2};
  const auto mine = first.budget(description), others = second.budget(description);
  const auto one = mine->take(context_of(sdk::Lane::kSync), 1);
  const auto two = others->take(context_of(sdk::Lane::kSync), 1);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_FALSE(mine->take(context_of(sdk::Lane::kInteractive), 1).ok());
  EXPECT_FALSE(others->take(context_of(sdk::Lane::kInteractive), 1).ok());
  mine->finish(*one);
  EXPECT_TRUE(others->take(context_of(sdk::Lane::kInteractive, 5s), 1).ok());
}

TEST_F(BudgetTest, WhatTheServiceSaysToOneHoldsForAll) {
  Host first(server_.url()), second(server_.url());
  const sdk::RateBudgetDescription description{"*", 100, 100, 0};
  first.budget(description)->hold_for(30s);
  const auto refused = second.budget(description)->take(context_of(sdk::Lane::kInteractive, 1s), 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_GT(refused.error().retry_after->count(), 25'000);
}

TEST_F(BudgetTest, WhatWasNotUsedComesBack) {
  Host first(server_.url()), second(server_.url());
  const sdk::RateBudgetDescription description{"*", 10, kNearlyNone, 1};
  const auto mine = first.budget(description), others = second.budget(description);
  const auto taken = mine->take(context_of(sdk::Lane::kInteractive), 8);
  ASSERT_TRUE(taken.ok());
  mine->give_back(*taken);
  EXPECT_TRUE(others->take(context_of(sdk::Lane::kInteractive), 10).ok());
}

TEST_F(BudgetTest, WithoutRedisEachGoesOnFromWhereItLeftOff) {
  Host first(server_.url()), second(server_.url());
  const sdk::RateBudgetDescription description{"*", 100, kNearlyNone, 0};
  const auto mine = first.budget(description), others = second.budget(description);
  EXPECT_EQ(spend(*others, sdk::Lane::kInteractive, 70), 70);
  EXPECT_EQ(spend(*mine, sdk::Lane::kInteractive, 1), 1);
  server_.kill();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(spend(*mine, sdk::Lane::kInteractive, 200), 29) << "not from a full bucket";
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  // When Redis is there again it learns what was spent meanwhile.
  server_.start();
  ASSERT_TRUE(wait_until([&] { return first.redis.command({"PING"}).ok(); }, 20s));
  ASSERT_TRUE(wait_until([&] { return first.redis.command({"DEL", "nothing"}).ok(); }, 20s));
  const auto known = [&] {
    (void)mine->take(context_of(sdk::Lane::kInteractive, 50ms), 1);
    return spend(*others, sdk::Lane::kInteractive, 1) == 0;
  };
  EXPECT_TRUE(wait_until(known, 20s));
}

TEST_F(BudgetTest, ARedisThatHangsHoldsNobodyUpForLong) {
  Host first(server_.url());
  const auto budget = first.budget({"*", 100, kNearlyNone, 0});
  ASSERT_TRUE(budget->take(context_of(sdk::Lane::kInteractive), 1).ok());
  server_.pause();
  const auto began = std::chrono::steady_clock::now();
  for (int call = 0; call < 20; ++call) EXPECT_TRUE(budget->take(context_of(sdk::Lane::kInteractive, 5s), 1).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
  server_.resume();
}

}  // namespace
}  // namespace patchbay::testing
