#include "hub/sync/eta.hpp"

#include <gtest/gtest.h>

namespace patchbay::sync {
namespace {

using namespace std::chrono_literals;
const Eta::Time kStart{1000s};

TEST(Eta, FollowsThePaceOfTheRun) {
  Eta eta({"clients", "jobs"}, {{"jobs", 300}}, kStart);
  eta.begin("clients");
  EXPECT_FALSE(eta.estimate(kStart + 1s).has_value()) << "nothing read yet";
  eta.add(100, 500);
  const auto estimate = eta.estimate(kStart + 10s);
  ASSERT_TRUE(estimate.has_value());
  EXPECT_EQ(estimate->left, 70s) << "400 clients and 300 jobs at 10 a second";
  EXPECT_TRUE(estimate->whole);
  eta.add(400, 500);
  eta.begin("jobs");
  EXPECT_EQ(eta.estimate(kStart + 50s)->left, 30s);
  eta.add(300, std::nullopt);
  EXPECT_EQ(eta.estimate(kStart + 80s)->left, 0s);
}

TEST(Eta, SaysWhatItDoesNotKnow) {
  Eta eta({"clients", "jobs"}, {}, kStart);
  eta.begin("clients");
  eta.add(10, std::nullopt);
  EXPECT_FALSE(eta.estimate(kStart + 1s).has_value()) << "the service tells no total";
  eta.add(10, 40);
  const auto estimate = eta.estimate(kStart + 2s);
  ASSERT_TRUE(estimate.has_value());
  EXPECT_EQ(estimate->left, 2s);
  EXPECT_FALSE(estimate->whole) << "jobs may be many";
}

TEST(Eta, AResourceThatGrewIsNoNegativeTime) {
  Eta eta({"clients"}, {{"clients", 5}}, kStart);
  eta.begin("clients");
  eta.add(50, std::nullopt);
  EXPECT_EQ(eta.estimate(kStart + 1s)->left, 0s);
}

}  // namespace
}  // namespace patchbay::sync
