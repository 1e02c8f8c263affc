#include "engine/resources/row_count.hpp"

#include <gtest/gtest.h>

namespace patchbay::resources {
namespace {

using namespace std::chrono_literals;

TEST(RowCountCache, KeepsACountForFiveSeconds) {
  RowCountCache cache;
  const RowCountCache::Clock::time_point start{};
  EXPECT_FALSE(cache.find("a", start));
  cache.put("a", {5'000, true}, start);
  const auto known = cache.find("a", start + 5s);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->count, 5'000U);
  EXPECT_TRUE(known->is_estimate);
  EXPECT_FALSE(cache.find("a", start + 5s + 1ms));
  EXPECT_FALSE(cache.find("b", start));
}

TEST(RowCountCache, IsBounded) {
  RowCountCache cache;
  const RowCountCache::Clock::time_point start{};
  for (int i = 0; i < 10'000; ++i) cache.put(std::to_string(i), {1, false}, start);
  int known = 0;
  for (int i = 0; i < 10'000; ++i) known += cache.find(std::to_string(i), start) ? 1 : 0;
  EXPECT_LE(known, 4'096);
  EXPECT_TRUE(cache.find("9999", start));
}

}  // namespace
}  // namespace patchbay::resources
