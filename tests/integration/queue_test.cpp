// The work mechanism against real servers: every item takes effect once, whatever happens to workers, leases and Redis.
#include "engine/queue/claim_store.hpp"
#include "engine/queue/dead_letters.hpp"
#include "engine/queue/sweeper.hpp"
#include "engine/queue/work_queue.hpp"
#include "engine/queue/worker.hpp"
#include "platform/base/ids.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

namespace patchbay::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::wait_until;

/// Writes one row for each item in the transaction that completes it, and notes whether a lane was ever worked on twice
/// at once.
class EffectHandler : public WorkHandler {
 public:
  EffectHandler(storage::Database& database, std::string kind, std::size_t batch_max, bool lane_runs)
      : database_(database), kind_(std::move(kind)), batch_max_(batch_max), lane_runs_(lane_runs) {}
  std::string kind() const override { return kind_; }
  std::size_t batch_max() const override { return batch_max_; }
  bool takes_lane_runs() const override { return lane_runs_; }
  std::vector<WorkOutcome> handle(const std::vector<WorkItem>& items, WorkClaim& claim) override {
    std::set<std::string> lanes = enter(items);
    std::vector<WorkOutcome> outcomes;
    if (before) outcomes = before(items, claim);
    if (outcomes.empty()) outcomes = apply(items, claim, lanes);
    leave(lanes);
    return outcomes;
  }

  /// Runs first; outcomes that are not empty end the batch.
  std::function<std::vector<WorkOutcome>(const std::vector<WorkItem>&, WorkClaim&)> before;
  std::atomic<int> overlaps{0};
  std::atomic<int> batches{0};

 private:
  std::vector<WorkOutcome> apply(const std::vector<WorkItem>& items, WorkClaim& claim, std::set<std::string>& lanes) {
    const auto applied =
        database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
          std::vector<std::int64_t> ids;
          for (const WorkItem& item : items) {
            ids.push_back(item.id);
            PATCHBAY_TRY(session.execute("insert into effects (item) values ($1::bigint)", {std::to_string(item.id)}));
          }
          leave(lanes);  // with the commit others may have them
          return claim.complete(session, ids, "applied");
        });
    std::vector<WorkOutcome> outcomes(items.size());
    if (!applied.ok()) {
      std::fill(outcomes.begin(), outcomes.end(), WorkOutcome{WorkOutcome::Kind::kFailed, applied.error(), {}});
    }
    return outcomes;
  }
  std::set<std::string> enter(const std::vector<WorkItem>& items) {
    const std::lock_guard lock(lanes_mutex());
    ++batches;
    std::set<std::string> lanes;
    for (const WorkItem& item : items) {
      if (!lanes.insert(item.lane_key).second && !lane_runs_) ++overlaps;
    }
    for (const std::string& lane : lanes) {
      if (!busy_lanes().insert(lane).second) ++overlaps;
    }
    return lanes;
  }
  void leave(std::set<std::string>& lanes) {
    const std::lock_guard lock(lanes_mutex());
    for (const std::string& lane : lanes) busy_lanes().erase(lane);
    lanes.clear();
  }
  // Shared by the handlers of all "hosts" in this process.
  static std::mutex& lanes_mutex() {
    static std::mutex mutex;
    return mutex;
  }
  static std::set<std::string>& busy_lanes() {
    static std::set<std::string> lanes;
    return lanes;
  }

  storage::Database& database_;
  const std::string kind_;
  const std::size_t batch_max_;
  const bool lane_runs_;
};

class QueueTest : public ::testing::Test {
 protected:
  QueueTest() {
    testing::TestServers::instance().redis().start();
    redis_settings_.url = testing::TestServers::instance().redis().url();
    redis_settings_.name = "test-" + base::new_uuid();
    redis_settings_.command_timeout = milliseconds(500);
    redis_ = std::make_unique<redis::Client>(redis_settings_, metrics_);
    road_ = std::make_unique<Road>(*redis_, metrics_);
    road_->start();
    queue_ = std::make_unique<PgWorkQueue>(*road_);
    EXPECT_TRUE(pool_.query(storage::Lane::kWorker, "create table effects (item bigint not null)").ok());
    settings_.lease = seconds(5);
    settings_.poll = milliseconds(20);
    settings_.retry.backoff = {milliseconds(10), milliseconds(50), 2.0};
    settings_.retry.attempts_max = 4;
    sweeper_settings_.interval = milliseconds(30);
    sweeper_settings_.grace = milliseconds(100);
    sweeper_settings_.remember = milliseconds(200);
  }
  ~QueueTest() override {
    if (sweeper_) sweeper_->stop();
    road_->stop();
  }

  std::vector<std::int64_t> enqueue(std::size_t count, std::size_t lane_count, const std::string& kind = "test") {
    std::vector<NewWork> work;
    for (std::size_t index = 0; index < count; ++index) {
      work.push_back({kind, "", kind + "-lane-" + std::to_string(index % lane_count), "", {}, milliseconds(0)});
    }
    std::vector<std::int64_t> ids;
    const auto stored = pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_ASSIGN(ids, queue_->enqueue(session, work));
      return {};
    });
    EXPECT_TRUE(stored.ok());
    return ids;
  }
  /// Held by the test, so that it ends before the handlers do.
  [[nodiscard]] std::unique_ptr<Worker> start_worker(std::vector<WorkHandler*> handlers) {
    auto worker = std::make_unique<Worker>(pool_, *road_, std::move(handlers), settings_, metrics_);
    worker->start();
    return worker;
  }
  Sweeper& start_sweeper() {
    sweeper_ = make_sweeper();
    sweeper_->start();
    return *sweeper_;
  }
  std::unique_ptr<Sweeper> make_sweeper() {
    return std::make_unique<Sweeper>(
        pool_, *road_, [] { return std::size_t{0}; }, sweeper_settings_, metrics_);
  }
  std::int64_t number(std::string_view sql) {
    const auto rows = pool_.query(storage::Lane::kWorker, sql);
    if (!rows.ok()) return -1;
    return std::stoll(std::string(rows->at(0, 0).value_or("-1")));
  }
  bool all_done(std::int64_t count) {
    return wait_until([&] { return number("select count(*) from work_items where state = 'done'") == count; },
                      seconds(30));
  }
  void expect_each_once(std::int64_t count) {
    EXPECT_EQ(number("select count(*) from effects"), count);
    EXPECT_EQ(number("select count(distinct item) from effects"), count);
  }

  base::Metrics metrics_;
  testing::TestDatabase database_;
  storage::PgPool pool_{storage::PgPoolSettings{.url = database_.url(), .worker_connections_max = 12}, metrics_};
  redis::RedisSettings redis_settings_;
  std::unique_ptr<redis::Client> redis_;
  std::unique_ptr<Road> road_;
  std::unique_ptr<PgWorkQueue> queue_;
  WorkerSettings settings_;
  SweeperSettings sweeper_settings_;
  std::unique_ptr<Sweeper> sweeper_;
};

TEST_F(QueueTest, TwoHostsShareTheWorkAndApplyEachItemOnceAndNoLaneTwiceAtATime) {
  settings_.threads["test"] = 3;
  EffectHandler first(pool_, "test", 16, false);
  EffectHandler second(pool_, "test", 16, false);
  const auto first_worker = start_worker({&first});
  const auto second_worker = start_worker({&second});
  start_sweeper();
  for (int round = 0; round < 5; ++round) queue_->announce("test", enqueue(100, 37));
  ASSERT_TRUE(all_done(500));
  expect_each_once(500);
  EXPECT_EQ(first.overlaps + second.overlaps, 0);
  EXPECT_GT(first.batches.load(), 0);
  EXPECT_GT(second.batches.load(), 0);
}

TEST_F(QueueTest, ALaneRunIsClaimedWholeWhereTheHandlerTakesIt) {
  EffectHandler handler(pool_, "test", 50, true);
  const auto ids = enqueue(50, 1);
  const ClaimStore claims(pool_, seconds(5));
  const auto claimed = claims.claim({"test", base::new_uuid(), 50, true}, ids);
  ASSERT_TRUE(claimed.ok());
  ASSERT_EQ(claimed->size(), 50u);
  EXPECT_TRUE(
      std::is_sorted(claimed->begin(), claimed->end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST_F(QueueTest, WithoutLaneRunsOneItemOfALaneIsClaimedAndTheNextOnlyWhenItIsDone) {
  const auto ids = enqueue(3, 1);
  const ClaimStore claims(pool_, seconds(5));
  const std::string claim_id = base::new_uuid();
  const auto claimed = claims.claim({"test", claim_id, 3, false}, ids);
  ASSERT_TRUE(claimed.ok());
  ASSERT_EQ(claimed->size(), 1u);
  EXPECT_EQ(claimed->front().id, ids.front());
  EXPECT_TRUE(claims.claim({"test", base::new_uuid(), 3, false}, ids)->empty());
  EXPECT_EQ(claims.still_due("test", ids)->size(), 2u);
  ASSERT_TRUE(pool_
                  .transaction(storage::Lane::kWorker,
                               [&](storage::Session& session) {
                                 return ClaimStore::complete(session, claim_id, {ids.front()}, "applied");
                               })
                  .ok());
  const auto next = claims.claim({"test", base::new_uuid(), 3, false}, ids);
  ASSERT_EQ(next->size(), 1u);
  EXPECT_EQ(next->front().id, ids[1]);
}

TEST_F(QueueTest, AWorkerThatLostItsLeaseHasNoEffect) {
  const auto ids = enqueue(1, 1);
  const std::string stale = base::new_uuid();
  const ClaimStore short_lived(pool_, milliseconds(30));
  ASSERT_EQ(short_lived.claim({"test", stale, 1, false}, ids)->size(), 1u);
  auto sweeper = make_sweeper();
  ASSERT_TRUE(wait_until([&] { return sweeper->release_expired().value_or(0) == 1; }));
  EffectHandler handler(pool_, "test", 1, false);
  const auto worker = start_worker({&handler});
  ASSERT_TRUE(all_done(1));
  const auto late = pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(session.execute("insert into effects (item) values (0)"));
    return ClaimStore::complete(session, stale, ids, "applied");
  });
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, "queue.claim_lost");
  EXPECT_TRUE(short_lived.renew({stale}, ids)->empty());
  expect_each_once(1);
}

TEST_F(QueueTest, ALeaseIsRenewedWhileTheWorkGoesOn) {
  settings_.lease = seconds(3);
  EffectHandler handler(pool_, "test", 1, false);
  const auto claimed_until = [&] {
    return number("select coalesce(max(extract(epoch from claimed_until) * 1000), 0)::bigint from work_items");
  };
  handler.before = [&](const std::vector<WorkItem>&, WorkClaim& claim) {
    const std::int64_t first = claimed_until();
    // Twice a third of the lease: renewed at least twice.
    EXPECT_TRUE(wait_until([&] { return claimed_until() >= first + 1'500; }, seconds(30)));
    EXPECT_FALSE(claim.cancel().cancelled());
    return std::vector<WorkOutcome>{};
  };
  const auto worker = start_worker({&handler});
  start_sweeper();
  queue_->announce("test", enqueue(1, 1));
  ASSERT_TRUE(all_done(1));
  expect_each_once(1);
  EXPECT_EQ(handler.batches, 1);
}

TEST_F(QueueTest, WipingRedisWhileLoadedLosesNothing) {
  queue_->announce("test", enqueue(300, 300));
  ASSERT_TRUE(wait_until([&] { return road_->length().value_or(0) > 0; }));
  ASSERT_TRUE(redis_->command({"FLUSHALL"}).ok());
  EffectHandler handler(pool_, "test", 32, false);
  const auto worker = start_worker({&handler});
  start_sweeper();
  for (int round = 0; round < 5; ++round) {
    queue_->announce("test", enqueue(60, 60));
    ASSERT_TRUE(redis_->command({"FLUSHALL"}).ok());
  }
  ASSERT_TRUE(all_done(600));
  expect_each_once(600);
}

TEST_F(QueueTest, WithoutRedisWorkIsReadFromPostgresql) {
  EffectHandler handler(pool_, "test", 8, false);
  testing::TestServers::instance().redis().kill();
  const auto worker = start_worker({&handler});
  start_sweeper();
  queue_->announce("test", enqueue(100, 20));
  EXPECT_TRUE(all_done(100));
  testing::TestServers::instance().redis().start();
  queue_->announce("test", enqueue(100, 20));
  EXPECT_TRUE(all_done(200));
  expect_each_once(200);
  EXPECT_EQ(handler.overlaps, 0);
}

TEST_F(QueueTest, FailedWorkIsTriedAgainAndAtLastADeadLetterThatCanBeRetried) {
  EffectHandler handler(pool_, "test", 4, false);
  std::atomic<bool> broken{true};
  std::atomic<int> tries{0};
  handler.before = [&](const std::vector<WorkItem>& items, WorkClaim&) {
    if (!broken) return std::vector<WorkOutcome>{};
    ++tries;
    return std::vector<WorkOutcome>(items.size(),
                                    {WorkOutcome::Kind::kFailed, sdk::transient_error("test.down", "It is down."), {}});
  };
  const auto worker = start_worker({&handler});
  start_sweeper();
  const auto ids = enqueue(1, 1);
  queue_->announce(ids);
  ASSERT_TRUE(wait_until([&] { return number("select count(*) from work_items where state = 'dead'") == 1; }));
  EXPECT_EQ(tries, settings_.retry.attempts_max);
  const DeadLetters letters(pool_, *queue_);
  const auto list = letters.list({});
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 1u);
  EXPECT_EQ(sdk::string_at(list->front(), "error.code"), "test.down");
  EXPECT_EQ(list->front().at("attempts").to_number<int>(), settings_.retry.attempts_max);
  EXPECT_TRUE(letters.list({"other", "", {}, 20})->empty());
  broken = false;
  ASSERT_TRUE(letters.retry(ids.front()).ok());
  ASSERT_TRUE(all_done(1));
  expect_each_once(1);
  EXPECT_EQ(letters.retry(ids.front()).error().error_class, sdk::ErrorClass::kNotFound);
}

TEST_F(QueueTest, RateLimitsAreWaitedForWithoutCountingAsTries) {
  EffectHandler handler(pool_, "test", 1, false);
  std::atomic<int> tries{0};
  handler.before = [&](const std::vector<WorkItem>& items, WorkClaim&) {
    EXPECT_EQ(items.front().attempts, 1);
    if (++tries > 6) return std::vector<WorkOutcome>{};
    return std::vector<WorkOutcome>{
        {WorkOutcome::Kind::kFailed, sdk::rate_limited_error("test.limit", "Slow.", milliseconds(5)), {}}};
  };
  const auto worker = start_worker({&handler});
  start_sweeper();
  queue_->announce(enqueue(1, 1));
  ASSERT_TRUE(all_done(1));
  EXPECT_EQ(tries, 7);
}

TEST_F(QueueTest, AHandlerThatThrowsTakesNothingAlong) {
  EffectHandler handler(pool_, "test", 1, false);
  std::atomic<int> thrown{0};
  handler.before = [&](const std::vector<WorkItem>&, WorkClaim&) -> std::vector<WorkOutcome> {
    if (thrown++ == 0) throw std::runtime_error("broken");
    return {};
  };
  const auto worker = start_worker({&handler});
  start_sweeper();
  queue_->announce(enqueue(3, 3));
  ASSERT_TRUE(all_done(3));
  expect_each_once(3);
}

TEST_F(QueueTest, WorkThatTakesItsWorkerDownAgainAndAgainIsDead) {
  sweeper_settings_.attempts_max = 3;
  const auto ids = enqueue(1, 1);
  const ClaimStore claims(pool_, milliseconds(1));
  auto sweeper = make_sweeper();
  for (int crash = 1; crash <= 3; ++crash) {
    ASSERT_EQ(claims.claim({"test", base::new_uuid(), 1, false}, ids)->size(), 1u) << crash;
    ASSERT_TRUE(wait_until([&] { return sweeper->release_expired().value_or(0) == 1; }));
  }
  EXPECT_EQ(number("select count(*) from work_items where state = 'dead'"), 1);
}

TEST_F(QueueTest, ASlowKindDoesNotHoldUpAnother) {
  EffectHandler slow(pool_, "slow", 1, false);
  EffectHandler quick(pool_, "test", 8, false);
  std::atomic<bool> release{false};
  slow.before = [&](const std::vector<WorkItem>&, WorkClaim&) {
    wait_until([&] { return release.load(); }, seconds(30));
    return std::vector<WorkOutcome>{};
  };
  const auto worker = start_worker({&slow, &quick});
  start_sweeper();
  queue_->announce(enqueue(3, 3, "slow"));
  queue_->announce(enqueue(50, 50));
  EXPECT_TRUE(all_done(50));
  release = true;
  EXPECT_TRUE(all_done(53));
  expect_each_once(53);
}

TEST_F(QueueTest, StoppingFinishesWhatIsUnderWayAndLeavesTheRestDue) {
  EffectHandler handler(pool_, "test", 1, false);
  std::atomic<bool> entered{false};
  std::atomic<bool> release{false};
  handler.before = [&](const std::vector<WorkItem>&, WorkClaim&) {
    entered = true;
    wait_until([&] { return release.load(); });
    return std::vector<WorkOutcome>{};
  };
  const auto worker = start_worker({&handler});
  queue_->announce("test", enqueue(20, 20));
  ASSERT_TRUE(wait_until([&] { return entered.load(); }));
  std::thread stopper([&] { worker->stop(); });
  release = true;
  stopper.join();
  const std::int64_t done = number("select count(*) from work_items where state = 'done'");
  EXPECT_GE(done, 1);
  EXPECT_EQ(number("select count(*) from work_items where state = 'claimed'"), 0);
  EXPECT_EQ(number("select count(*) from work_items where state = 'due'"), 20 - done);
  EffectHandler other(pool_, "test", 8, false);
  const auto other_worker = start_worker({&other});
  start_sweeper();
  ASSERT_TRUE(all_done(20));
  expect_each_once(20);
}

TEST_F(QueueTest, ARepeatWithTheSameKeyIsOneItem) {
  const NewWork work{"test", "", "lane", "key-1", {}, milliseconds(0)};
  std::vector<std::int64_t> first, second;
  ASSERT_TRUE(pool_
                  .transaction(storage::Lane::kWorker,
                               [&](storage::Session& session) -> sdk::Result<void> {
                                 PATCHBAY_ASSIGN(first, queue_->enqueue(session, {work}));
                                 PATCHBAY_ASSIGN(second, queue_->enqueue(session, {work}));
                                 return {};
                               })
                  .ok());
  EXPECT_EQ(first.size(), 1u);
  EXPECT_TRUE(second.empty());
}

TEST_F(QueueTest, RetentionRemovesOldFinishedWorkAndNothingElse) {
  const auto ids = enqueue(10, 10);
  ASSERT_TRUE(pool_
                  .query(storage::Lane::kWorker,
                         "update work_items set created_at = now() - interval '40 days', finished_at = now() - "
                         "interval '40 days', "
                         "state = case when id % 2 = 0 then 'done' else 'dead' end")
                  .ok());
  enqueue(5, 5);
  auto sweeper = make_sweeper();
  ASSERT_TRUE(sweeper->remove_old().ok());
  EXPECT_EQ(number("select count(*) from work_items where state = 'done'"), 0);
  EXPECT_EQ(number("select count(*) from work_items where state = 'dead'"), 5);
  EXPECT_EQ(number("select count(*) from work_items where state = 'due'"), 5);
  EXPECT_EQ(number("select sum(count)::bigint from work_counters where stage = 'removed'"), 5);
}

}  // namespace
}  // namespace patchbay::queue
