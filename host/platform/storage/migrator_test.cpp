#include "platform/storage/migrator.hpp"

#include "platform/storage/pg_pool.hpp"
#include "tests/support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace patchbay::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TestDatabase;

std::vector<Migration> samples() {
  return {{1, "first", "create table a (n integer); insert into a values (1);", "aa"},
          {2, "second",
           "-- a comment; with a semicolon\ncreate function f() returns integer language plpgsql as $body$ begin "
           "return 2; end; "
           "$body$;\ninsert into a select f();",
           "bb"}};
}

class MigratorTest : public ::testing::Test {
 protected:
  TestDatabase database_{TestDatabase::Content::kEmpty};
  base::Metrics metrics_;
  PgPool pool_{[this] {
                 PgPoolSettings settings;
                 settings.url = database_.url();
                 return settings;
               }(),
               metrics_};
  Migrator migrator_{pool_};
};

TEST_F(MigratorTest, AppliesWhatIsMissingOnce) {
  const auto migrations = samples();
  auto pending = migrator_.pending(migrations);
  ASSERT_TRUE(pending.ok());
  EXPECT_THAT(*pending, ElementsAre(1, 2));
  auto applied = migrator_.migrate({migrations[0]});
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_THAT(*applied, ElementsAre(1));
  applied = migrator_.migrate(migrations);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_THAT(*applied, ElementsAre(2));
  applied = migrator_.migrate(migrations);
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(*applied, IsEmpty());
  const auto sum = pool_.query(Lane::kWorker, "select sum(n) as n from a");
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(sum->integer(0, "n"), 3);
}

TEST_F(MigratorTest, ManyHostsStartAtOnce) {
  std::vector<std::future<std::size_t>> hosts;
  for (int host = 0; host < 5; ++host) {
    hosts.push_back(std::async(std::launch::async, [this] {
      const auto applied = migrator_.migrate(samples());
      EXPECT_TRUE(applied.ok()) << applied.error().message;
      return applied.ok() ? applied->size() : 0;
    }));
  }
  std::size_t total = 0;
  for (auto& host : hosts) total += host.get();
  EXPECT_EQ(total, 2u);
}

TEST_F(MigratorTest, FailedMigrationLeavesNothingAndIsNamed) {
  auto migrations = samples();
  migrations[1].sql = "create table b (n integer); insert into nowhere values (1);";
  const auto failed = migrator_.migrate(migrations);
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.find("Migration 2 (second)"), std::string::npos) << failed.error().message;
  const auto table = pool_.query(Lane::kWorker, "select to_regclass('b') is null as gone");
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE(table->boolean(0, "gone"));
  const auto applied = migrator_.migrate(samples());
  ASSERT_TRUE(applied.ok());
  EXPECT_THAT(*applied, ElementsAre(2));
}

TEST_F(MigratorTest, NewerDatabaseIsRefused) {
  ASSERT_TRUE(migrator_.migrate(samples()).ok());
  const auto older = migrator_.migrate({samples()[0]});
  ASSERT_FALSE(older.ok());
  EXPECT_EQ(older.error().code, "storage.newer_database");
  EXPECT_EQ(migrator_.pending({samples()[0]}).error().code, "storage.newer_database");
}

TEST_F(MigratorTest, ChangedMigrationIsRefused) {
  ASSERT_TRUE(migrator_.migrate(samples()).ok());
  auto changed = samples();
  changed[0].sha256 = "cc";
  const auto refused = migrator_.migrate(changed);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "storage.migration_differs");
}

TEST_F(MigratorTest, EmbeddedMigrationsAreNumberedWithoutGapsAndApply) {
  const auto& migrations = embedded_migrations();
  ASSERT_FALSE(migrations.empty());
  for (std::size_t index = 0; index < migrations.size(); ++index) {
    EXPECT_EQ(migrations[index].number, static_cast<int>(index) + 1);
    EXPECT_EQ(migrations[index].sha256.size(), 64u);
  }
  const auto applied = migrator_.migrate(migrations);
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(applied->size(), migrations.size());
  EXPECT_TRUE(pool_.query(Lane::kWorker, "select id from connections").ok());
}

TEST_F(MigratorTest, TemplateOfTheTestsIsMigrated) {
  const TestDatabase migrated;
  PgPoolSettings settings;
  settings.url = migrated.url();
  PgPool pool(settings, metrics_);
  const auto pending = Migrator(pool).pending(embedded_migrations());
  ASSERT_TRUE(pending.ok());
  EXPECT_THAT(*pending, IsEmpty());
}

}  // namespace
}  // namespace patchbay::storage
