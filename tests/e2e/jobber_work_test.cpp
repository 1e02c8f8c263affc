// What Jobber's field work is in the hub: visits as appointments, expenses, estimates that become quotes, and an owner
// who takes the authorisation back.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;

constexpr auto kLimit = 30s;

class JobberWork : public ::testing::Test {
 protected:
  JobberWork()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", "60", "--seed", "9", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    sandbox_.lift_limits();
    hub_.start();
    api_.sign_in();
    jobber_ = connect_jobber(api_, hub_, sandbox_);
    run_ = api_.sync(jobber_, "full", 120s);
  }

  value row(const std::string& path, const std::string& external_id) {
    const auto id = world_.value(
        "select coalesce(min(entity_id::text), '') from entity_links where service = 'jobber' and external_id = $1",
        {external_id});
    return id.empty() ? value() : api_.get(path + "/" + id);
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string jobber_;
  value run_;
};

TEST_F(JobberWork, VisitsAndExpensesAreAsTheTruthSaysAndFollowIt) {
  EXPECT_EQ(run_.at("counts").at("failed").to_number<int>(), 0) << sdk::json::serialize(run_);
  const auto visits = sandbox_.truth("jobber", "visits");
  const auto expenses = sandbox_.truth("jobber", "expenses");
  ASSERT_GT(visits.size(), 10U);
  ASSERT_GT(expenses.size(), 5U);
  EXPECT_EQ(world_.number("select count(*) from appointments"), static_cast<std::int64_t>(visits.size()));
  EXPECT_EQ(api_.exact_count("/finances/expenses"), static_cast<std::int64_t>(expenses.size()));
  for (const auto& visit : visits) {
    const auto shown = row("/appointments", sdk::string_at(visit, "id"));
    EXPECT_EQ(sdk::string_at(shown, "title"), sdk::string_at(visit, "title"));
    EXPECT_EQ(sdk::string_at(shown, "status") == "COMPLETED", visit.at("isComplete").as_bool());
    EXPECT_FALSE(sdk::string_at(shown, "jobId").empty());
    EXPECT_FALSE(sdk::string_at(shown, "clientId").empty());
  }
  EXPECT_EQ(world_.value("select sum(amount)::numeric(19,2)::text from expenses"),
            world_.value("select sum(v::numeric)::numeric(19,2)::text from unnest($1::text[]) v", {[&] {
                           std::vector<std::string> totals;
                           for (const auto& expense : expenses)
                             totals.push_back(sdk::scalar_text(expense.at("total")).value_or("0"));
                           return storage::array_literal(totals);
                         }()}));
  const auto again = api_.sync(jobber_, "incremental", 60s);
  EXPECT_EQ(again.at("counts").at("updated").to_number<int>(), 0) << sdk::json::serialize(again);

  std::string open;
  for (const auto& visit : visits) {
    if (!visit.at("isComplete").as_bool()) open = sdk::string_at(visit, "id");
  }
  ASSERT_FALSE(open.empty());
  sandbox_.control("PATCH", "/jobber/visits/" + open, {{"startAt", "2027-02-03T15:00:00Z"}});
  EXPECT_TRUE(wait_until(
      [&] { return sdk::string_at(row("/appointments", open), "scheduledStartAt") == "2027-02-03T15:00:00.000Z"; },
      kLimit, 50ms));
  sandbox_.control("DELETE", "/jobber/visits/" + open, sdk::json::object());
  EXPECT_TRUE(
      wait_until([&] { return sdk::string_at(row("/appointments", open), "status") == "CANCELLED"; }, kLimit, 50ms));
}

TEST_F(JobberWork, AnEstimateOfTheHubBecomesAQuote) {
  const auto client = world_.value(
      "select entity_id::text from entity_links where service = 'jobber' and resource = 'clients' and deleted_at is "
      "null "
      "order by external_id limit 1");
  const auto made =
      api_.post("/estimates",
                {{"clientId", client}, {"title", "New panel"}, {"total", "1250.40"}, {"notes", "Valid for 30 days"}});
  const auto quote = [&]() -> value {
    for (auto& known : sandbox_.truth("jobber", "quotes")) {
      if (sdk::string_at(known, "title").rfind("New panel", 0) == 0) return known;
    }
    return nullptr;
  };
  ASSERT_TRUE(wait_until([&] { return !quote().is_null(); }, kLimit, 100ms)) << hub_.program().log_tail();
  EXPECT_EQ(quote().at("amounts").at("total").to_number<double>(), 1250.4);
  EXPECT_EQ(sdk::string_at(quote(), "message"), "Valid for 30 days");
  const auto path = "/estimates/" + sdk::string_at(made, "id");
  ASSERT_TRUE(
      wait_until([&] { return sdk::string_at(api_.get(path), "externalIds.jobber") == sdk::string_at(quote(), "id"); },
                 kLimit, 50ms));
  EXPECT_EQ(api_.send_json("PATCH", path, {{"title", "New panel, larger"}}).status, 200);
  EXPECT_TRUE(wait_until([&] { return sdk::string_at(quote(), "title") == "New panel, larger"; }, kLimit, 100ms));
  ASSERT_TRUE(
      wait_until([&] { return world_.number("select count(*) from work_items where state <> 'done'") == 0; }, kLimit));
  EXPECT_EQ(sdk::string_at(api_.get(path), "title"), "New panel, larger");
  EXPECT_EQ(sdk::string_at(api_.get(path), "total"), "1250.40");
}

}  // namespace
}  // namespace patchbay::testing
