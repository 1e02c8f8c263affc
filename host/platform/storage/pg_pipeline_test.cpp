#include "platform/storage/pg_pipeline.hpp"

#include "tests/support/poll_loop.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"

#include <gtest/gtest.h>

namespace patchbay::storage {
namespace {

using namespace std::chrono_literals;
using testing::PollLoop;
using testing::TestDatabase;
using testing::TestServers;

class PgPipelineTest : public ::testing::Test {
 protected:
  PgPipeline& connect(PgPipelineSettings settings = {}) {
    settings.url = database_.url();
    pipeline_ = std::make_unique<PgPipeline>(std::move(settings), loop_);
    EXPECT_TRUE(loop_.run_until([this] { return pipeline_->connected(); }));
    return *pipeline_;
  }
  /// Runs one query to its end.
  sdk::Result<Rows> run(std::string_view sql, Params params = {}, std::chrono::milliseconds limit = 10s) {
    std::optional<sdk::Result<Rows>> answer;
    pipeline_->query(sql, std::move(params), [&](sdk::Result<Rows> rows) { answer = std::move(rows); });
    EXPECT_TRUE(loop_.run_until([&] { return answer.has_value(); }, limit)) << sql;
    return answer ? std::move(*answer) : sdk::Result<Rows>(sdk::permanent_error("test.no_answer", "no answer"));
  }

  TestDatabase database_{TestDatabase::Content::kEmpty};
  PollLoop loop_;
  std::unique_ptr<PgPipeline> pipeline_;
};

TEST_F(PgPipelineTest, AnswersWithRowsAndCounts) {
  connect();
  const auto rows = run("select $1::text as a, $2::text as b, null::text as c", {"x", std::nullopt});
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->at(0, "a"), "x");
  EXPECT_FALSE(rows->at(0, "b").has_value());
  EXPECT_FALSE(rows->at(0, "c").has_value());
  ASSERT_TRUE(run("create table t (a integer)").ok());
  const auto inserted = run("insert into t select * from generate_series(1, 7)");
  ASSERT_TRUE(inserted.ok());
  EXPECT_EQ(inserted->affected_count(), 7u);
  EXPECT_EQ(run("select current_setting('TimeZone') as zone")->text(0, "zone"), "UTC");
}

TEST_F(PgPipelineTest, ThousandInFlightComeBackInOrder) {
  auto& pipeline = connect();
  std::vector<std::int64_t> answers;
  for (int number = 0; number < 1'000; ++number) {
    pipeline.query("select $1::integer as n, repeat('x', 2000) as filler", {std::to_string(number)},
                   [&](sdk::Result<Rows> rows) { answers.push_back(rows.ok() ? rows->integer(0, "n") : -1); });
  }
  ASSERT_TRUE(loop_.run_until([&] { return answers.size() == 1'000; }));
  for (std::size_t index = 0; index < answers.size(); ++index)
    EXPECT_EQ(answers[index], static_cast<std::int64_t>(index));
}

TEST_F(PgPipelineTest, LargeParametersPassWhenTheSocketIsFull) {
  auto& pipeline = connect();
  const std::string large(2'000'000, 'y');
  int right = 0;
  for (int index = 0; index < 10; ++index) {
    pipeline.query("select $1::text as t", {large},
                   [&](sdk::Result<Rows> rows) { right += rows.ok() && rows->at(0, "t") == large ? 1 : 0; });
  }
  EXPECT_TRUE(loop_.run_until([&] { return right == 10; }));
}

TEST_F(PgPipelineTest, FailureInTheMiddleHurtsNobodyElse) {
  auto& pipeline = connect();
  ASSERT_TRUE(run("create table t (a integer constraint t_key primary key)").ok());
  const std::vector<std::pair<std::string, Params>> queries = {{"insert into t values ($1)", {"1"}},
                                                               {"insert into t values ($1)", {"1"}},
                                                               {"selec nonsense", {}},
                                                               {"selec nonsense", {}},
                                                               {"insert into t values ($1)", {"2"}},
                                                               {"select 1/$1::integer", {"0"}},
                                                               {"select count(*) from t", {}}};
  std::vector<std::string> outcomes(queries.size());
  std::size_t answered = 0;
  for (std::size_t index = 0; index < queries.size(); ++index) {
    pipeline.query(queries[index].first, queries[index].second, [&, index](sdk::Result<Rows> rows) {
      outcomes[index] = rows.ok() ? "ok" : rows.error().code;
      ++answered;
    });
  }
  ASSERT_TRUE(loop_.run_until([&] { return answered == queries.size(); }));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"ok", "storage.unique", "storage.sql", "storage.sql", "ok",
                                                "storage.sql", "ok"}));
  EXPECT_EQ(run("select count(*) as n from t")->integer(0, "n"), 2);
  const auto failed = run("insert into t values ($1)", {"1"});
  EXPECT_EQ(failed.error().field, "t_key");
}

TEST_F(PgPipelineTest, StatementsArePreparedOnceAndBounded) {
  auto& pipeline = connect();
  int answered = 0;
  for (int index = 0; index < 600; ++index) {
    pipeline.query("select " + std::to_string(index % 300), {},
                   [&](sdk::Result<Rows> rows) { answered += rows.ok() ? 1 : 0; });
  }
  ASSERT_TRUE(loop_.run_until([&] { return answered == 600; }));
  EXPECT_EQ(run("select count(*) as n from pg_prepared_statements")->integer(0, "n"), 256);
}

TEST_F(PgPipelineTest, ChangedTableIsPreparedAnew) {
  connect();
  ASSERT_TRUE(run("create table t (a integer)").ok());
  ASSERT_TRUE(run("select * from t").ok());
  ASSERT_TRUE(run("alter table t add column b text").ok());
  const auto rows = run("select * from t");
  ASSERT_TRUE(rows.ok()) << rows.error().code;
  EXPECT_EQ(rows->column_count(), 2u);
}

TEST_F(PgPipelineTest, NulIsRefused) {
  connect();
  EXPECT_EQ(run("select $1::text", {std::string("a\0b", 3)}).error().code, "storage.nul_character");
}

TEST_F(PgPipelineTest, SlowStatementIsCancelledAlone) {
  PgPipelineSettings settings;
  settings.query_timeout = 300ms;
  auto& pipeline = connect(settings);
  const auto backend = run("select pg_backend_pid() as pid")->text(0, "pid");
  std::string slow;
  pipeline.query("select pg_sleep(30)", {},
                 [&](sdk::Result<Rows> rows) { slow = rows.ok() ? "ok" : rows.error().code; });
  ASSERT_TRUE(loop_.run_until([&] { return !slow.empty(); }));
  EXPECT_EQ(slow, "storage.timeout");
  EXPECT_EQ(run("select pg_backend_pid() as pid")->text(0, "pid"), backend) << "the connection was kept";
}

TEST_F(PgPipelineTest, SilentServerTimesEverybodyOutAndIsLeft) {
  auto& server = TestServers::instance().postgres();
  PgPipelineSettings settings;
  settings.query_timeout = 200ms;
  auto& pipeline = connect(settings);
  server.pause();
  int timeouts = 0;
  for (int index = 0; index < 3; ++index) {
    pipeline.query("select 1", {},
                   [&](sdk::Result<Rows> rows) { timeouts += rows.error().code == "storage.timeout" ? 1 : 0; });
  }
  EXPECT_TRUE(loop_.run_until([&] { return timeouts == 3; }, 2s));
  EXPECT_TRUE(loop_.run_until([&] { return !pipeline.connected(); }, 3s));
  server.resume();
  ASSERT_TRUE(loop_.run_until([&] { return pipeline.connected(); }));
  EXPECT_TRUE(run("select 1").ok());
}

TEST_F(PgPipelineTest, TooManyAreRefused) {
  PgPipelineSettings settings;
  settings.queries_max = 3;
  auto& pipeline = connect(settings);
  int good = 0;
  std::string refused;
  for (int index = 0; index < 3; ++index)
    pipeline.query("select 1", {}, [&](sdk::Result<Rows> rows) { good += rows.ok() ? 1 : 0; });
  pipeline.query("select 1", {}, [&](sdk::Result<Rows> rows) { refused = rows.error().code; });
  EXPECT_EQ(refused, "storage.busy");
  EXPECT_TRUE(loop_.run_until([&] { return good == 3; }));
}

TEST_F(PgPipelineTest, EndedSessionFailsWhatIsUnderWayAndReconnects) {
  auto& pipeline = connect();
  ASSERT_TRUE(run("create table t (a integer)").ok());
  std::vector<std::string> outcomes;
  const auto note = [&](sdk::Result<Rows> rows) { outcomes.push_back(rows.ok() ? "ok" : rows.error().code); };
  pipeline.query("select pg_terminate_backend(pg_backend_pid())", {}, note);
  pipeline.query("select 1", {}, note);
  pipeline.query("insert into t values (1)", {}, note);
  ASSERT_TRUE(loop_.run_until([&] { return outcomes.size() == 3; }));
  EXPECT_EQ(outcomes, (std::vector<std::string>{"storage.unavailable", "storage.unavailable", "storage.in_doubt"}));
  ASSERT_TRUE(loop_.run_until([&] { return pipeline.connected(); }));
  EXPECT_EQ(run("select count(*) as n from t")->integer(0, "n"), 0);
}

TEST_F(PgPipelineTest, StoppedServerFailsAtOnceAndComesBack) {
  auto& server = TestServers::instance().postgres();
  auto& pipeline = connect();
  ASSERT_TRUE(run("select 1").ok());
  server.stop();
  ASSERT_TRUE(loop_.run_until([&] { return !pipeline.connected(); }));
  bool answered = false;
  pipeline.query("select 1", {}, [&](sdk::Result<Rows> rows) {
    answered = true;
    EXPECT_EQ(rows.error().code, "storage.unavailable");
  });
  EXPECT_TRUE(answered) << "no waiting where there is no connection";
  server.start();
  ASSERT_TRUE(loop_.run_until([&] { return pipeline.connected(); }));
  EXPECT_TRUE(run("select 1").ok());
}

TEST_F(PgPipelineTest, ContinuationMayAskAgain) {
  auto& pipeline = connect();
  int depth = 0;
  std::function<void(sdk::Result<Rows>)> next = [&](sdk::Result<Rows> rows) {
    if (rows.ok() && ++depth < 50) pipeline.query("select 1", {}, next);
  };
  pipeline.query("select 1", {}, next);
  EXPECT_TRUE(loop_.run_until([&] { return depth == 50; }));
}

TEST_F(PgPipelineTest, EndAnswersWhatIsUnderWay) {
  auto& pipeline = connect();
  std::string outcome;
  pipeline.query("select pg_sleep(30)", {},
                 [&](sdk::Result<Rows> rows) { outcome = rows.ok() ? "ok" : rows.error().code; });
  pipeline_.reset();
  EXPECT_EQ(outcome, "storage.unavailable");
}

}  // namespace
}  // namespace patchbay::storage
