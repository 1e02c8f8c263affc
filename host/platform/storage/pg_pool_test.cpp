#include "platform/storage/pg_pool.hpp"

#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <future>
#include <latch>

namespace patchbay::storage {
namespace {

using namespace std::chrono_literals;
using testing::TestDatabase;
using testing::TestServers;
using testing::wait_until;

class PgPoolTest : public ::testing::Test {
 protected:
  PgPool make_pool(PgPoolSettings settings = {}) {
    settings.url = database_.url();
    return PgPool(std::move(settings), metrics_);
  }
  static void must(const sdk::Result<Rows>& rows) { ASSERT_TRUE(rows.ok()) << rows.error().code; }
  static std::int64_t count(PgPool& pool, const std::string& table) {
    const auto rows = pool.query(Lane::kInteractive, "select count(*) as n from " + table);
    return rows.ok() ? rows->integer(0, "n") : -1;
  }

  TestDatabase database_{TestDatabase::Content::kEmpty};
  base::Metrics metrics_;
};

TEST_F(PgPoolTest, SessionSpeaksUtcIsoAndHex) {
  auto pool = make_pool();
  const auto rows = pool.query(Lane::kInteractive,
                               "select current_setting('TimeZone') as zone, "
                               "timestamptz '2024-03-01 12:00:00+02'::text as at, interval '36 hours'::text as span, "
                               "'\\x00ff'::bytea as bytes, current_setting('statement_timeout') as statement_timeout");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->text(0, "zone"), "UTC");
  EXPECT_EQ(rows->text(0, "at"), "2024-03-01 10:00:00+00");
  EXPECT_EQ(rows->text(0, "span"), "PT36H");
  EXPECT_EQ(rows->text(0, "bytes"), "\\x00ff");
  EXPECT_EQ(rows->text(0, "statement_timeout"), "10s");
}

TEST_F(PgPoolTest, ParametersKeepNullEmptyAndHostileText) {
  auto pool = make_pool();
  const std::string hostile = "'; drop table x; -- \\ \"$1\" \xF0\x9F\x92\xA9";
  const auto rows =
      pool.query(Lane::kInteractive, "select $1::text as a, $2::text as b, $3::text as c, $4::text[] as d",
                 {hostile, std::nullopt, "", array_literal(std::vector<Param>{hostile, std::nullopt})});
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->at(0, "a"), hostile);
  EXPECT_FALSE(rows->at(0, "b").has_value());
  EXPECT_EQ(rows->at(0, "c"), "");
  const auto element = pool.query(Lane::kInteractive, "select ($1::text[])[1] as e", {rows->text(0, "d")});
  ASSERT_TRUE(element.ok());
  EXPECT_EQ(element->at(0, "e"), hostile);
}

TEST_F(PgPoolTest, BytesOfEveryValueAreKept) {
  auto pool = make_pool();
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  const auto rows =
      pool.query(Lane::kInteractive, "select $1::bytea as b, octet_length($1::bytea) as n", {bytea_literal(bytes)});
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->integer(0, "n"), 256);
  const auto back = decode_bytea(rows->text(0, "b"));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, bytes);
}

TEST_F(PgPoolTest, NulIsRefusedNotCut) {
  auto pool = make_pool();
  const auto rows = pool.query(Lane::kInteractive, "select $1::text", {std::string("a\0b", 3)});
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().error_class, sdk::ErrorClass::kInvalid);
  EXPECT_EQ(rows.error().code, "storage.nul_character");
  const auto in_transaction = pool.transaction(Lane::kInteractive, [](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("select $1::text", {std::string("\0", 1)}));
    return {};
  });
  ASSERT_FALSE(in_transaction.ok());
  EXPECT_EQ(in_transaction.error().code, "storage.nul_character");
}

TEST_F(PgPoolTest, WorkDecidesCommitOrRollBack) {
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (a integer)"));
  const auto insert = [](Session& session) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(const auto rows, session.execute("insert into t values ($1), ($2)", {"1", "2"}));
    EXPECT_EQ(rows.affected_count(), 2u);
    return {};
  };
  ASSERT_TRUE(pool.transaction(Lane::kWorker, insert).ok());
  EXPECT_EQ(count(pool, "t"), 2);
  const auto refused = pool.transaction(Lane::kWorker, [&](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(insert(session));
    return sdk::conflict_error("test.refused", "no");
  });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "test.refused");
  EXPECT_EQ(count(pool, "t"), 2);
}

TEST_F(PgPoolTest, ExceptionOfTheWorkRollsBackAndReturnsTheConnection) {
  PgPoolSettings settings;
  settings.worker_connections_max = 1;
  auto pool = make_pool(settings);
  must(pool.query(Lane::kWorker, "create table t (a integer)"));
  const auto work = [](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into t values (1)"));
    throw std::logic_error("programmer's error");
  };
  EXPECT_THROW(static_cast<void>(pool.transaction(Lane::kWorker, work)), std::logic_error);
  must(pool.query(Lane::kWorker, "select 1"));
  EXPECT_EQ(count(pool, "t"), 0);
}

TEST_F(PgPoolTest, SwallowedFailureIsNotCommittedInSilence) {
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (a integer primary key)"));
  const auto result = pool.transaction(Lane::kWorker, [](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into t values (1)"));
    EXPECT_FALSE(session.execute("insert into t values (1)").ok());
    return {};
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, "storage.unique");
  EXPECT_EQ(count(pool, "t"), 0);
}

TEST_F(PgPoolTest, SavepointBringsAFailedTransactionBack) {
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (a integer primary key)"));
  const auto result = pool.transaction(Lane::kWorker, [](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into t values (1)"));
    PATCHBAY_TRY(session.execute("savepoint one"));
    EXPECT_FALSE(session.execute("insert into t values (1)").ok());
    PATCHBAY_TRY(session.execute("rollback to savepoint one"));
    PATCHBAY_TRY(session.execute("insert into t values (2)"));
    return {};
  });
  ASSERT_TRUE(result.ok()) << result.error().code;
  EXPECT_EQ(count(pool, "t"), 2);
}

TEST_F(PgPoolTest, SqlStatesBecomeErrorsToBranchOn) {
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table parent (id integer constraint parent_key primary key)"));
  must(pool.query(
      Lane::kWorker,
      "create table child (id integer not null, parent integer constraint child_parent_fkey references parent, "
      "size integer constraint child_size_check check (size > 0), "
      "span int4range, constraint child_span_excl exclude using gist (span with &&))"));
  must(pool.query(Lane::kWorker, "insert into parent values (1)"));
  must(pool.query(Lane::kWorker, "insert into child values (1, 1, 1, '[1,5)')"));
  struct Case {
    const char* sql;
    sdk::ErrorClass error_class;
    const char* code;
    std::optional<std::string> field;
  };
  const std::vector<Case> cases = {
      {"insert into parent values (1)", sdk::ErrorClass::kConflict, "storage.unique", "parent_key"},
      {"insert into child values (2, 7, 1, null)", sdk::ErrorClass::kInvalid, "storage.foreign_key",
       "child_parent_fkey"},
      {"delete from parent", sdk::ErrorClass::kInvalid, "storage.foreign_key", "child_parent_fkey"},
      {"insert into child values (null, 1, 1, null)", sdk::ErrorClass::kInvalid, "storage.not_null", "id"},
      {"insert into child values (2, 1, -1, null)", sdk::ErrorClass::kInvalid, "storage.check", "child_size_check"},
      {"insert into child values (2, 1, 1, '[3,9)')", sdk::ErrorClass::kConflict, "storage.exclusion",
       "child_span_excl"},
      {"select 1/0", sdk::ErrorClass::kPermanent, "storage.sql", std::nullopt},
      {"selec 1", sdk::ErrorClass::kPermanent, "storage.sql", std::nullopt},
      {"select * from missing", sdk::ErrorClass::kPermanent, "storage.sql", std::nullopt},
  };
  for (const auto& expected : cases) {
    const auto alone = pool.query(Lane::kWorker, expected.sql);
    ASSERT_FALSE(alone.ok()) << expected.sql;
    EXPECT_EQ(alone.error().code, expected.code) << expected.sql;
    EXPECT_EQ(alone.error().error_class, expected.error_class) << expected.sql;
    EXPECT_EQ(alone.error().field, expected.field) << expected.sql;
    const auto within = pool.transaction(Lane::kWorker, [&](Session& session) -> sdk::Result<void> {
      PATCHBAY_TRY(session.execute(expected.sql));
      return {};
    });
    ASSERT_FALSE(within.ok()) << expected.sql;
    EXPECT_EQ(within.error().code, expected.code) << expected.sql;
  }
}

TEST_F(PgPoolTest, DeferredConstraintFailsTheCommit) {
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (a integer constraint t_key unique deferrable initially deferred)"));
  const auto result = pool.transaction(Lane::kWorker, [](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into t values (1), (1)"));
    return {};
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, "storage.unique");
  EXPECT_EQ(result.error().field, "t_key");
  must(pool.query(Lane::kWorker, "select 1"));
}

TEST_F(PgPoolTest, SerializationFailureIsRepeatedThreeTimes) {
  auto pool = make_pool();
  int calls = 0;
  const auto work = [&](int succeed_at) {
    return [&calls, succeed_at](Session& session) -> sdk::Result<void> {
      if (++calls == succeed_at) return {};
      PATCHBAY_TRY(session.execute("do $$ begin raise exception 'again' using errcode = '40001'; end $$"));
      return {};
    };
  };
  EXPECT_TRUE(pool.transaction(Lane::kWorker, work(3)).ok());
  EXPECT_EQ(calls, 3);
  calls = 0;
  const auto never = pool.transaction(Lane::kWorker, work(0));
  ASSERT_FALSE(never.ok());
  EXPECT_EQ(never.error().code, "storage.serialization");
  EXPECT_EQ(calls, 4);
}

TEST_F(PgPoolTest, DeadlockedTransactionsBothSucceed) {
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (id integer primary key, n integer not null)"));
  must(pool.query(Lane::kWorker, "insert into t values (1, 0), (2, 0)"));
  std::latch both_hold(2);
  const auto transfer = [&](const char* first, const char* second) {
    bool met = false;
    return pool.transaction(Lane::kWorker, [&, met](Session& session) mutable -> sdk::Result<void> {
      PATCHBAY_TRY(session.execute("update t set n = n + 1 where id = $1", {first}));
      if (!std::exchange(met, true)) both_hold.arrive_and_wait();
      PATCHBAY_TRY(session.execute("update t set n = n + 1 where id = $1", {second}));
      return {};
    });
  };
  auto other = std::async(std::launch::async, [&] { return transfer("2", "1").ok(); });
  EXPECT_TRUE(transfer("1", "2").ok());
  EXPECT_TRUE(other.get());
  const auto rows = pool.query(Lane::kWorker, "select sum(n) as n from t");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->integer(0, "n"), 4);
}

TEST_F(PgPoolTest, StatementThatTakesTooLongTimesOut) {
  PgPoolSettings settings;
  settings.interactive_statement_timeout = 100ms;
  auto pool = make_pool(settings);
  const auto rows = pool.query(Lane::kInteractive, "select pg_sleep(30)");
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code, "storage.timeout");
  EXPECT_EQ(rows.error().error_class, sdk::ErrorClass::kTransient);
  EXPECT_TRUE(pool.query(Lane::kInteractive, "select 1").ok());
}

TEST_F(PgPoolTest, ExhaustedLaneSaysSoAndTheOtherGoesOn) {
  PgPoolSettings settings;
  settings.worker_connections_max = 1;
  settings.acquire_timeout = 50ms;
  auto pool = make_pool(settings);
  const auto result = pool.transaction(Lane::kWorker, [&](Session&) -> sdk::Result<void> {
    const auto second = pool.query(Lane::kWorker, "select 1");
    EXPECT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, "storage.busy");
    EXPECT_EQ(second.error().error_class, sdk::ErrorClass::kTransient);
    EXPECT_TRUE(pool.query(Lane::kInteractive, "select 1").ok());
    return {};
  });
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(pool.query(Lane::kWorker, "select 1").ok());
}

TEST_F(PgPoolTest, WaitersShareOneConnection) {
  PgPoolSettings settings;
  settings.worker_connections_max = 1;
  auto pool = make_pool(settings);
  std::vector<std::future<std::string>> backends;
  for (int index = 0; index < 8; ++index) {
    backends.push_back(std::async(std::launch::async, [&] {
      const auto rows = pool.query(Lane::kWorker, "select pg_backend_pid() as pid");
      return rows.ok() ? rows->text(0, "pid") : rows.error().code;
    }));
  }
  const std::string first = backends.front().get();
  for (std::size_t index = 1; index < backends.size(); ++index) EXPECT_EQ(backends[index].get(), first);
}

TEST_F(PgPoolTest, StatementsArePreparedOnceAndBounded) {
  PgPoolSettings settings;
  settings.worker_connections_max = 1;
  auto pool = make_pool(settings);
  for (int index = 0; index < 300; ++index) must(pool.query(Lane::kWorker, "select " + std::to_string(index)));
  for (int index = 0; index < 3; ++index) must(pool.query(Lane::kWorker, "select 'same'"));
  const auto rows = pool.query(Lane::kWorker,
                               "select count(*) as n, count(*) filter (where statement = 'select ''same''') as same "
                               "from pg_prepared_statements");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->integer(0, "same"), 1);
  EXPECT_EQ(rows->integer(0, "n"), 256);
}

TEST_F(PgPoolTest, ChangedTableDoesNotBreakPreparedStatements) {
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (a integer)"));
  must(pool.query(Lane::kWorker, "select * from t"));
  must(pool.query(Lane::kWorker, "alter table t add column b text"));
  const auto rows = pool.query(Lane::kWorker, "select * from t");
  ASSERT_TRUE(rows.ok()) << rows.error().code;
  EXPECT_EQ(rows->column_count(), 2u);
}

TEST_F(PgPoolTest, EndedIdleSessionsAreReplacedUnseen) {
  auto pool = make_pool();
  must(pool.query(Lane::kInteractive, "create table t (a integer)"));
  must(pool.query(Lane::kWorker, "select 1"));
  database_.end_sessions();
  EXPECT_TRUE(pool.query(Lane::kInteractive, "insert into t values (1)").ok());
  const auto result = pool.transaction(Lane::kWorker, [](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into t values (2)"));
    return {};
  });
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(count(pool, "t"), 2);
}

TEST_F(PgPoolTest, SessionEndedInsideATransactionLeavesNothing) {
  auto pool = make_pool();
  must(pool.query(Lane::kInteractive, "create table t (a integer)"));
  const auto result = pool.transaction(Lane::kWorker, [&](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into t values (1)"));
    database_.end_sessions();
    PATCHBAY_TRY(session.execute("insert into t values (2)"));
    return {};
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, "storage.unavailable");
  EXPECT_EQ(count(pool, "t"), 0);
}

TEST_F(PgPoolTest, SessionEndedBeforeTheCommitIsInDoubt) {
  auto pool = make_pool();
  must(pool.query(Lane::kInteractive, "create table t (a integer)"));
  const auto result = pool.transaction(Lane::kWorker, [&](Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into t values (1)"));
    database_.end_sessions();
    return {};
  });
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, "storage.in_doubt");
  EXPECT_EQ(result.error().error_class, sdk::ErrorClass::kTransient);
}

TEST_F(PgPoolTest, WriteLostUnderWayIsInDoubtAndReadIsNot) {
  auto pool = make_pool();
  must(pool.query(Lane::kInteractive, "create table t (a integer)"));
  // The session ends itself: the statement is under way by then.
  const auto write = pool.query(
      Lane::kInteractive, "insert into t select 1 from (select pg_terminate_backend(pg_backend_pid()), pg_sleep(5)) x");
  ASSERT_FALSE(write.ok());
  EXPECT_TRUE(write.error().code == "storage.unavailable" || write.error().code == "storage.in_doubt")
      << write.error().code;
  EXPECT_EQ(count(pool, "t"), 0);
}

TEST_F(PgPoolTest, ServerRestartIsSurvivedAndSeen) {
  auto& server = TestServers::instance().postgres();
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (a integer)"));
  EXPECT_TRUE(pool.reachable());
  server.stop();
  const auto refused = pool.query(Lane::kWorker, "insert into t values (1)");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "storage.unavailable");
  EXPECT_FALSE(pool.reachable());
  server.start();
  EXPECT_TRUE(pool.query(Lane::kWorker, "insert into t values (2)").ok());
  EXPECT_EQ(count(pool, "t"), 1);
  EXPECT_TRUE(wait_until([&] { return pool.reachable(); }));
}

TEST_F(PgPoolTest, CrashedServerLosesNothingCommitted) {
  auto& server = TestServers::instance().postgres();
  auto pool = make_pool();
  must(pool.query(Lane::kWorker, "create table t (a integer)"));
  must(pool.query(Lane::kWorker, "insert into t values (1)"));
  server.kill();
  server.start();
  EXPECT_EQ(count(pool, "t"), 1);
}

TEST_F(PgPoolTest, ReachableComesBackWithoutAnyQuery) {
  auto& server = TestServers::instance().postgres();
  auto pool = make_pool();
  server.stop();
  EXPECT_TRUE(wait_until([&] { return !pool.reachable(); }));
  server.start();
  EXPECT_TRUE(wait_until([&] { return pool.reachable(); }));
}

TEST_F(PgPoolTest, MalformedUrlIsAnErrorOfEveryQuery) {
  PgPoolSettings settings;
  settings.url = "postgresql://ann:secret@[::1/hub";
  PgPool pool(settings, metrics_);
  const auto rows = pool.query(Lane::kWorker, "select 1");
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code, "storage.unavailable");
}

}  // namespace
}  // namespace patchbay::storage
