#include "engine/gateway/router.hpp"

#include <gtest/gtest.h>

namespace patchbay::gateway {
namespace {

class RouterTest : public testing::Test {
 protected:
  void add(std::string method, std::string pattern, bool at_root = false) {
    Route route;
    route.method = std::move(method);
    route.pattern = std::move(pattern);
    route.at_root = at_root;
    const auto added = router.add(std::move(route));
    ASSERT_TRUE(added.ok()) << added.error().message;
  }
  std::string pattern_of(std::string_view method, std::string_view path) {
    const auto match = router.find(method, path);
    return match.route == Match::kNoRoute ? "" : router.routes()[match.route].pattern;
  }
  Router router;
};

TEST_F(RouterTest, AnswersBelowBothBases) {
  add("GET", "/clients");
  EXPECT_EQ(pattern_of("GET", "/api/v1/clients"), "/clients");
  EXPECT_EQ(pattern_of("GET", "/api/clients"), "/clients");
  EXPECT_EQ(pattern_of("GET", "/api/v1/clients/"), "/clients");
  EXPECT_EQ(pattern_of("GET", "/clients"), "");
  EXPECT_EQ(pattern_of("GET", "/apiclients"), "");
  EXPECT_EQ(pattern_of("GET", "/api/v1//clients"), "");
  EXPECT_EQ(pattern_of("GET", ""), "");
}

TEST_F(RouterTest, AnswersOperationsAtTheRootToo) {
  add("GET", "/health/live", true);
  EXPECT_EQ(pattern_of("GET", "/health/live"), "/health/live");
  EXPECT_EQ(pattern_of("GET", "/api/v1/health/live"), "/health/live");
}

TEST_F(RouterTest, PrefersALiteralAndFallsBackToTheParameter) {
  add("GET", "/clients/{id}");
  add("GET", "/clients/duplicates");
  add("GET", "/clients/{id}/jobs");
  add("DELETE", "/clients/{id}");
  EXPECT_EQ(pattern_of("GET", "/api/clients/duplicates"), "/clients/duplicates");
  EXPECT_EQ(pattern_of("GET", "/api/clients/7"), "/clients/{id}");
  const auto deep = router.find("GET", "/api/clients/duplicates/jobs");
  ASSERT_NE(deep.route, Match::kNoRoute);
  EXPECT_EQ(deep.params.at("id"), "duplicates");
  EXPECT_EQ(pattern_of("DELETE", "/api/clients/duplicates"), "/clients/{id}");
}

TEST_F(RouterTest, NamesParametersByTheRoutesOwnPattern) {
  add("GET", "/sync/{id}");
  add("POST", "/sync/{name}/run/{step}");
  const auto match = router.find("POST", "/api/v1/sync/stripe/run/3");
  ASSERT_NE(match.route, Match::kNoRoute);
  EXPECT_EQ(match.params.at("name"), "stripe");
  EXPECT_EQ(match.params.at("step"), "3");
}

TEST_F(RouterTest, TellsWhichMethodsAPathKnows) {
  add("GET", "/jobs");
  add("POST", "/jobs");
  const auto match = router.find("DELETE", "/api/v1/jobs");
  EXPECT_EQ(match.route, Match::kNoRoute);
  EXPECT_EQ(match.allow, "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(router.find("GET", "/api/v1/unknown").allow, "");
}

TEST_F(RouterTest, AnswersHeadByTheGetRoute) {
  add("GET", "/jobs");
  EXPECT_EQ(pattern_of("HEAD", "/api/v1/jobs"), "/jobs");
}

TEST_F(RouterTest, RefusesDuplicatesAndBrokenPatterns) {
  add("GET", "/jobs/{id}");
  Route again;
  again.method = "GET";
  again.pattern = "/jobs/{other}";
  EXPECT_EQ(router.add(again).error().code, "gateway.duplicate_route");
  again.pattern = "jobs";
  EXPECT_EQ(router.add(again).error().code, "gateway.pattern");
}

TEST_F(RouterTest, BoundsPathsFromOutside) {
  add("GET", "/clients/{id}");
  EXPECT_EQ(pattern_of("GET", "/api/clients/" + std::string(513, 'a')), "");
  std::string deep = "/api";
  for (int index = 0; index < 10'000; ++index) deep += "/a";
  EXPECT_EQ(pattern_of("GET", deep), "");
}

}  // namespace
}  // namespace patchbay::gateway
