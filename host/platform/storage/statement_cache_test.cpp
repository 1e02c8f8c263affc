#include "platform/storage/statement_cache.hpp"

#include <gtest/gtest.h>

namespace patchbay::storage {
namespace {

TEST(StatementCacheTest, TextIsPreparedOnce) {
  StatementCache cache(2);
  const auto first = cache.use("select 1");
  EXPECT_TRUE(first.is_new);
  const auto second = cache.use("select 1");
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(second.name, first.name);
}

TEST(StatementCacheTest, LeastRecentlyUsedGoes) {
  StatementCache cache(2);
  const auto one = cache.use("one");
  const auto two = cache.use("two");
  cache.use("one");
  const auto three = cache.use("three");
  ASSERT_TRUE(three.evicted.has_value());
  EXPECT_EQ(*three.evicted, two.name);
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_FALSE(cache.use("one").is_new);
  const auto two_again = cache.use("two");
  EXPECT_TRUE(two_again.is_new);
  EXPECT_NE(two_again.name, two.name) << "a name must not mean two texts";
}

TEST(StatementCacheTest, ForgottenTextIsNew) {
  StatementCache cache(2);
  const auto one = cache.use("one");
  EXPECT_EQ(cache.forget("one"), one.name);
  EXPECT_EQ(cache.forget("one"), std::nullopt);
  EXPECT_TRUE(cache.use("one").is_new);
  cache.clear();
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace patchbay::storage
