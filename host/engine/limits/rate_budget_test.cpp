#include "engine/limits/rate_budget.hpp"

#include "engine/limits/budgeted_http.hpp"

#include <gtest/gtest.h>

#include <ctime>

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
  EXPECT_GE(waited->waited.count(), 10);
}

TEST(RateBudget, BoundsCallsUnderWay) {
  RateBudget budget({"*", 100, 100, 1});
  const auto first = budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(1)), 1);
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::milliseconds(150)), 1).ok());
  budget.finish(*first);
  EXPECT_TRUE(budget.take(context_of(sdk::Lane::kInteractive, std::chrono::seconds(1)), 1).ok());
}

TEST(RateBudgets, ClientsOfOneConnectionShareAndOthersDoNot) {
  RateBudgets budgets;
  const std::vector<sdk::RateBudgetDescription> descriptions{{"*", 1, 0.001, 0}};
  const auto first = budgets.of_subject("a", descriptions);
  const auto second = budgets.of_subject("a", descriptions);
  const auto other = budgets.of_subject("b", descriptions);
  EXPECT_EQ(first.at("*"), second.at("*"));
  EXPECT_NE(first.at("*"), other.at("*"));
}

class Throttling : public sdk::HttpClient {
 public:
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext&, const sdk::HttpRequest&) override {
    ++calls;
    return sdk::HttpResponse{status, {{"Retry-After", wait}}, ""};
  }
  int calls = 0;
  int status = 429;
  std::string wait = "30";
};

/// HTTP's form of a time.
std::string http_date(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

TEST(BudgetedHttp, AfterA429NothingGoesOutBeforeTheTimeTheServiceNamed) {
  RateBudgets budgets;
  Throttling service;
  BudgetedHttp http(service, budgets.of_subject("a", {{"GET /x", 100, 100, 0}}));
  sdk::HttpRequest request;
  request.limit_group = "GET /x";
  ASSERT_EQ(http.send(context_of(sdk::Lane::kSync, std::chrono::seconds(5)), request)->status, 429);
  const auto second = http.send(context_of(sdk::Lane::kSync, std::chrono::seconds(5)), request);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, "http.budget");
  EXPECT_EQ(service.calls, 1);
}

TEST(BudgetedHttp, LearnsTheWaitFromADateAndFromA503) {
  for (const auto& [status, wait] :
       {std::pair(429, http_date(std::chrono::system_clock::now() + std::chrono::seconds(40))),
        std::pair(503, std::string("40"))}) {
    RateBudgets budgets;
    Throttling service;
    service.status = status;
    service.wait = wait;
    BudgetedHttp http(service, budgets.of_subject("a", {{"*", 100, 100, 0}}));
    ASSERT_EQ(http.send(context_of(sdk::Lane::kSync, std::chrono::seconds(5)), {})->status, status);
    const auto second = http.send(context_of(sdk::Lane::kSync, std::chrono::seconds(5)), {});
    ASSERT_FALSE(second.ok());
    EXPECT_GT(second.error().retry_after->count(), 30'000);
    EXPECT_LE(second.error().retry_after->count(), 41'000);
  }
}

TEST(BudgetedHttp, A503WithoutATimeHoldsNobody) {
  RateBudgets budgets;
  Throttling service;
  service.status = 503;
  service.wait = "soon";
  BudgetedHttp http(service, budgets.of_subject("a", {{"*", 100, 100, 0}}));
  for (int call = 0; call < 3; ++call)
    ASSERT_TRUE(http.send(context_of(sdk::Lane::kSync, std::chrono::seconds(5)), {}).ok());
  EXPECT_EQ(service.calls, 3);
}

TEST(BudgetedHttp, WhatAnotherBudgetRefusesIsNotSpent) {
  RateBudgets budgets;
  Throttling service;
  service.status = 200;
  const std::vector<sdk::RateBudgetDescription> descriptions{{"*", 1, 0.001, 0}, {"own", 5, 0.001, 0}};
  BudgetedHttp http(service, budgets.of_subject("a", descriptions));
  sdk::HttpRequest request;
  request.limit_group = "own";
  const auto context = context_of(sdk::Lane::kInteractive, std::chrono::milliseconds(200));
  ASSERT_TRUE(http.send(context, request).ok());
  for (int call = 0; call < 10; ++call) EXPECT_FALSE(http.send(context, request).ok());
  int left = 0;
  const auto own = budgets.of_subject("a", descriptions).at("own");
  while (left < 10 && own->take(context, 1).ok()) ++left;
  EXPECT_EQ(left, 4) << "only the call that went out was paid for";
}

}  // namespace
}  // namespace patchbay::limits
