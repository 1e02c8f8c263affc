#include "engine/limits/rate_budget.hpp"

#include "engine/limits/budgeted_http.hpp"

#include <gtest/gtest.h>

namespace patchbay::limits {
namespace {

sdk::CallContext context_of(sdk::Lane lane, std::chrono::milliseconds limit) {
  sdk::CallContext context;
  context.lane = lane;
  context.deadline = std::chrono::steady_clock::now() + limit;
  return context;
}

TEST(RateBudget, GivesWhatIsThereWithoutWaiting) {
  RateBudget budget({"*", 10, 1, 0});
  for (int call = 0; call < 10; ++call) {
    ASSERT_TRUE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(1)), 1).ok());
  }
}

TEST(RateBudget, SaysAtOnceWhenTheWaitWouldPassTheDeadline) {
  RateBudget budget({"*", 1, 0.01, 0});
  ASSERT_TRUE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(1)), 1).ok());
  const auto began = std::chrono::steady_clock::now();
  const auto refused = budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(20)), 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "http.budget");
  EXPECT_EQ(refused.error().error_class, sdk::ErrorClass::kRateLimited);
  EXPECT_GT(refused.error().retry_after->count(), 20'000);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(RateBudget, BackfillLeavesAReserveForPeople) {
  RateBudget budget({"*", 10, 0.001, 0});
  int given = 0;
  while (given < 20 && budget.take(context_of(sdk::Lane::kBackfill, std::chrono::milliseconds(50)), 1).ok()) ++given;
  EXPECT_EQ(given, 6);
  EXPECT_TRUE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::milliseconds(50)), 1).ok());
}

TEST(RateBudget, WaitsForTheRefill) {
  RateBudget budget({"*", 1, 50, 0});
  ASSERT_TRUE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(5)), 1).ok());
  const auto waited = budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(5)), 1);
  ASSERT_TRUE(waited.ok());
  EXPECT_GE(waited->count(), 10);
}

TEST(RateBudget, BoundsCallsUnderWay) {
  RateBudget budget({"*", 100, 100, 1});
  ASSERT_TRUE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(1)), 1).ok());
  EXPECT_FALSE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::milliseconds(150)), 1).ok());
  budget.finish();
  EXPECT_TRUE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(1)), 1).ok());
}

TEST(RateBudgets, ClientsOfOneConnectionShareAndOthersDoNot) {
  RateBudgets budgets;
  const std::vector<sdk::RateBudgetDescription> descriptions{{"*", 1, 0.001, 0}};
  const auto first = budgets.of_connection("a", descriptions);
  const auto second = budgets.of_connection("a", descriptions);
  const auto other = budgets.of_connection("b", descriptions);
  EXPECT_EQ(first.at("*"), second.at("*"));
  EXPECT_NE(first.at("*"), other.at("*"));
}

class Throttling : public sdk::HttpClient {
 public:
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext&, const sdk::HttpRequest&) override {
    ++calls;
    return sdk::HttpResponse{429, {{"Retry-After", "30"}}, ""};
  }
  int calls = 0;
};

TEST(BudgetedHttp, AfterA429NothingGoesOutBeforeTheTimeTheServiceNamed) {
  RateBudgets budgets;
  Throttling service;
  BudgetedHttp http(service, budgets.of_connection("a", {{"GET /x", 100, 100, 0}}));
  sdk::HttpRequest request;
  request.limit_group = "GET /x";
  ASSERT_EQ(http.send(context_of(sdk::Lane::kSync, std::chrono::seconds(5)), request)->status, 429);
  const auto second = http.send(context_of(sdk::Lane::kSync, std::chrono::seconds(5)), request);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, "http.budget");
  EXPECT_EQ(service.calls, 1);
}

}  // namespace
}  // namespace patchbay::limits
