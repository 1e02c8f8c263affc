// Sync runs against a scripted service: nothing lost, nothing doubled, nothing written that is not new.
#include "tests/integration/sync_fixture.hpp"

#include <thread>

namespace patchbay::testing {
namespace {

class SyncRunTest : public SyncTest {
 protected:
  SyncRunTest() : stripe_(connect("stripe")) {}

  ScriptedService& stripe() { return service(stripe_); }
  void add_customers(int count, const std::string& prefix = "cus_") {
    for (int number = 0; number < count; ++number) {
      const std::string id = prefix + std::to_string(number);
      stripe().put("customers", id, R"({"name":"Name )" + id + R"(","email":")" + id + R"(@example.com"})");
    }
  }
  /// Everything that sync may write, as one text.
  std::string fingerprint_of_tables() {
    std::string text;
    for (const char* table :
         {"clients", "invoices", "payments", "entity_links", "sync_pending_references", "identity_conflicts"}) {
      text += value("select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from " + std::string(table) +
                    " t") +
              " ";
    }
    return text;
  }

  const std::string stripe_;
};

TEST_F(SyncRunTest, BringsEverythingAndTheSecondRunWritesNothing) {
  add_customers(250);
  stripe().put(
      "invoices", "in_1",
      R"({"customer":"cus_7","status":"open","currency":"usd","total":12050,"amount_remaining":12050,"created":1700000000})");
  const std::string first = sync(stripe_);
  EXPECT_EQ(run_state(first), "succeeded");
  EXPECT_EQ(value("select counts->>'created' from sync_runs where id = $1::uuid", {first}), "251");
  EXPECT_EQ(value("select c.name from invoices i join clients c on c.id = i.client_id"), "Name cus_7");
  EXPECT_EQ(value("select total_amount::text || status || service_status from invoices"), "120.5000sentopen");
  EXPECT_EQ(count("sync_log where operation = 'create' and status = 'success' and run_id = $1::uuid", {first}), 251);

  const std::string before = fingerprint_of_tables();
  const std::string events = value("select count(*) from outbox");
  const std::string log_rows = value("select count(*) from sync_log");
  const std::string second = sync(stripe_);
  EXPECT_EQ(value("select counts->>'unchanged' from sync_runs where id = $1::uuid", {second}), "251");
  EXPECT_EQ(value("select sum(value::int) from sync_runs, jsonb_each_text(counts) where id = $1::uuid", {second}),
            "251");
  EXPECT_EQ(fingerprint_of_tables(), before);
  EXPECT_EQ(value("select count(*) from outbox"), events);
  EXPECT_EQ(value("select count(*) from sync_log"), log_rows);
}

TEST_F(SyncRunTest, AnUnchangedPageTouchesNoRow) {
  add_customers(100);
  sync(stripe_);
  // The system columns tell every write, even one that changes nothing.
  const std::string before =
      value("select md5(string_agg(xmin::text || ctid::text, ',' order by id)) from clients") +
      value("select md5(string_agg(xmin::text || ctid::text, ',' order by external_id)) from entity_links");
  sync(stripe_);
  sync(stripe_, sdk::SyncMode::kIncremental);
  EXPECT_EQ(value("select md5(string_agg(xmin::text || ctid::text, ',' order by id)) from clients") +
                value("select md5(string_agg(xmin::text || ctid::text, ',' order by external_id)) from entity_links"),
            before);
}

TEST_F(SyncRunTest, IncrementalRunsBringChangesAndDeletions) {
  add_customers(5);
  sync(stripe_);
  stripe().put("customers", "cus_1", R"({"name":"Renamed","email":"cus_1@example.com"})");
  stripe().report_deleted("customers", "cus_2");
  const std::string run = sync(stripe_, sdk::SyncMode::kIncremental);
  EXPECT_EQ(stripe().lists().back().mode, sdk::SyncMode::kIncremental);
  EXPECT_EQ(value("select concat(counts->>'updated', counts->>'deleted', counts->>'unchanged') from sync_runs where id "
                  "= $1::uuid",
                  {run}),
            "110");
  EXPECT_EQ(count("clients where name = 'Renamed' and version = 2"), 1);
  EXPECT_EQ(count("clients where deleted_at is not null"), 1);
  EXPECT_EQ(count("entity_links where deleted_at is not null"), 1);
  // It comes back.
  stripe().put("customers", "cus_2", R"({"name":"Back","email":"cus_2@example.com"})");
  sync(stripe_, sdk::SyncMode::kIncremental);
  EXPECT_EQ(count("clients where name = 'Back' and deleted_at is null"), 1);
  EXPECT_EQ(count("clients"), 5);
}

TEST_F(SyncRunTest, AFullRunFindsWhatVanishedWithoutAWord) {
  add_customers(150);
  sync(stripe_);
  stripe().forget("customers", "cus_3");
  stripe().forget("customers", "cus_149");
  const std::string run = sync(stripe_);
  EXPECT_EQ(value("select counts->>'deleted' from sync_runs where id = $1::uuid", {run}), "2");
  EXPECT_EQ(count("clients where deleted_at is not null"), 2);
  EXPECT_EQ(count("sync_seen_pages"), 0);
}

TEST_F(SyncRunTest, AClientStaysWhileAnotherServiceHasIt) {
  const std::string jobber = connect("jobber");
  stripe().put("customers", "cus_1", R"({"name":"A","email":"a@example.com"})");
  service(jobber).put("clients", "c1", R"({"name":"A","emails":[{"address":"a@example.com","primary":true}]})");
  sync(stripe_);
  sync(jobber);
  stripe().report_deleted("customers", "cus_1");
  sync(stripe_, sdk::SyncMode::kIncremental);
  EXPECT_EQ(count("clients where deleted_at is null"), 1);
  service(jobber).report_deleted("clients", "c1");
  sync(jobber, sdk::SyncMode::kIncremental);
  EXPECT_EQ(count("clients where deleted_at is null"), 0);
}

TEST_F(SyncRunTest, ABadRecordIsLoggedAndSkipped) {
  stripe().put("customers", "cus_good", R"({"name":"Good"})");
  stripe().put("invoices", "in_huge",
               R"({"customer":"cus_good","currency":"usd","total":99999999999999999999,"created":1})");
  stripe().put("invoices", "in_float", R"({"customer":"cus_good","currency":"usd","total":10.5,"created":1})");
  stripe().put("invoices", "in_time", R"({"customer":"cus_good","currency":"usd","total":1,"created":"soon"})");
  stripe().put("invoices", "in_number",
               R"({"number":")" + std::string(101, '9') + R"(","currency":"usd","total":1,"created":1})");
  stripe().put("invoices", "in_good", R"({"customer":"cus_good","currency":"usd","total":1,"created":1})");
  const std::string run = sync(stripe_);
  EXPECT_EQ(run_state(run), "succeeded");
  EXPECT_EQ(value("select counts->>'failed' || '/' || (counts->>'created') from sync_runs where id = $1::uuid", {run}),
            "4/2");
  EXPECT_EQ(count("sync_log where status = 'failed' and error_message is not null and resource_type = 'invoices'"), 4);
  EXPECT_EQ(value("select count(distinct resource_id) from sync_log where status = 'failed'"), "4");
  EXPECT_EQ(count("invoices"), 1);
}

TEST_F(SyncRunTest, HostileTextIsKeptAsText) {
  const std::string name = "Robert'); drop table clients;-- {a,\\\"b\\\"} \\\\ NULL \\u202e";
  stripe().put("customers", "cus_'\"{},\\\\", R"({"name":")" + name + R"(","email":"x'y@example.com","phone":"{,}"})");
  stripe().put("customers", "NULL", R"({"name":"NULL","email":null})");
  const std::string run = sync(stripe_);
  EXPECT_EQ(value("select counts->>'created' from sync_runs where id = $1::uuid", {run}), "2");
  EXPECT_EQ(value("select name from clients where email = 'x''y@example.com'"),
            sdk::parse_json("\"" + name + "\"").value().as_string());
  EXPECT_EQ(count("clients where name = 'NULL'"), 1);
  EXPECT_EQ(value("select counts->>'unchanged' from sync_runs where id = $1::uuid", {sync(stripe_)}), "2");
}

TEST_F(SyncRunTest, AReferenceIsFilledWhenItsRecordArrives) {
  stripe().put("invoices", "in_1", R"({"customer":"cus_late","currency":"usd","total":5,"created":1})");
  sync(stripe_, sdk::SyncMode::kFull, false, {"invoices"});
  EXPECT_EQ(count("invoices where client_id is null"), 1);
  EXPECT_EQ(count("sync_pending_references"), 1);
  stripe().put("customers", "cus_late", R"({"name":"Late"})");
  sync(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  EXPECT_EQ(value("select c.name from invoices i join clients c on c.id = i.client_id"), "Late");
  EXPECT_EQ(count("sync_pending_references"), 0);
}

std::string text_from(const std::string& number) {
  return R"({"direction":"inbound","status":"received","body":"hi","from":")" + number + R"(","derived":{"contact":")" +
         number + R"("}})";
}

TEST_F(SyncRunTest, AMessageBelongsToTheOneClientWithItsNumber) {
  stripe().put("customers", "cus_1", R"({"name":"Known","phone":"(810) 555-0100"})");
  stripe().put("customers", "cus_2", R"({"name":"Shared","phone":"810-555-0177","email":"a@example.com"})");
  stripe().put("customers", "cus_3", R"({"name":"Shared too","phone":"+1 810 555 0177","email":"b@example.com"})");
  sync(stripe_);
  const std::string twilio = connect("twilio");
  service(twilio).put("messages", "SM1", text_from("+18105550100"));
  service(twilio).put("messages", "SM2", text_from("+18105550177"));
  service(twilio).put("messages", "SM3", text_from("+18105550199"));
  service(twilio).put("messages", "SM4", text_from("72345"));
  sync(twilio);
  const auto client_of = [&](const std::string& sid) {
    return value(
        "select coalesce(c.name, '') from entity_links l join messages m on m.id = l.entity_id"
        " left join clients c on c.id = m.client_id where l.external_id = $1",
        {sid});
  };
  EXPECT_EQ(client_of("SM1"), "Known");
  EXPECT_EQ(client_of("SM2"), "") << "two have the number: nobody is guessed";
  EXPECT_EQ(client_of("SM3"), "");
  EXPECT_EQ(count("messages where client_id is null"), 3);
  EXPECT_EQ(count("sync_pending_references"), 2) << "a short code is nobody's phone";
  // Who wrote first becomes a client later, and of the two only one is left.
  stripe().put("customers", "cus_4", R"({"name":"Late","phone":"810.555.0199"})");
  stripe().put("customers", "cus_3", R"({"name":"Shared too","phone":null,"email":"b@example.com"})");
  sync(stripe_);
  sync(twilio, sdk::SyncMode::kIncremental);
  EXPECT_EQ(client_of("SM3"), "Late");
  EXPECT_EQ(client_of("SM2"), "Shared");
  EXPECT_EQ(client_of("SM1"), "Known");
  EXPECT_EQ(count("sync_pending_references"), 0);
}

TEST_F(SyncRunTest, ADryRunCountsAndLeavesNothing) {
  add_customers(120);
  const std::string run = sync(stripe_, sdk::SyncMode::kFull, true);
  EXPECT_EQ(run_state(run), "succeeded");
  EXPECT_EQ(value("select counts->>'created' from sync_runs where id = $1::uuid", {run}), "120");
  for (const char* table : {"clients", "entity_links", "sync_log", "outbox", "sync_checkpoints", "sync_seen_pages"}) {
    EXPECT_EQ(count(table), 0) << table;
  }
}

TEST_F(SyncRunTest, ABackfillSaysHowLongItTakesWhereThatCanBeKnown) {
  add_customers(150);
  const std::string first = enqueue(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  work_off(*runner_);
  const std::string progress =
      "select coalesce(progress->>'etaSeconds', 'unknown') || ' ' || coalesce(progress->>"
      "'etaOfAll', '') from sync_runs where id = $1::uuid";
  EXPECT_EQ(value(progress, {first}), "unknown ") << "the service tells no total, and nothing is known yet";
  const std::string second = enqueue(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  work_off(*runner_);
  EXPECT_EQ(value(progress, {second}), "0 true") << "as many as the last time";
}

/// Interrupts the run after each of its list calls in turn, and lets it go on: the result is always the same.
TEST_F(SyncRunTest, ARunGoesOnWhereItWasInterrupted) {
  add_customers(450);
  for (int interrupted_at = 1; interrupted_at <= 5; ++interrupted_at) {
    query("truncate clients, entity_links, sync_checkpoints, sync_log, outbox cascade");
    const std::string run = enqueue(stripe_, sdk::SyncMode::kFull, false, {"customers"});
    HeldClaim first;
    int calls = 0;
    stripe().before_list = [&](const sdk::ListRequest&) -> sdk::Result<void> {
      if (++calls == interrupted_at) first.interrupt();
      return {};
    };
    const auto outcome = work_once(*runner_, first);
    ASSERT_TRUE(outcome.has_value());
    stripe().before_list = nullptr;
    const std::int64_t brought = count("clients");
    const std::string cursor =
        value("select coalesce((select page_cursor from sync_checkpoints where not listed), '')");
    const std::size_t lists_before = stripe().lists().size();
    work_off(*runner_);
    // Goes on at the page after the last that was stored.
    if (!cursor.empty()) {
      EXPECT_EQ(stripe().lists().at(lists_before).page_cursor, cursor);
    }
    EXPECT_LT(brought, 450) << interrupted_at;
    EXPECT_EQ(run_state(run), "succeeded") << interrupted_at;
    EXPECT_EQ(count("clients"), 450) << interrupted_at;
    EXPECT_EQ(count("entity_links"), 450);
    EXPECT_EQ(count("sync_log where operation = 'create'"), 450);
    EXPECT_EQ(value("select counts->>'created' from sync_runs where id = $1::uuid", {run}), "450");
  }
}

TEST_F(SyncRunTest, WaitsForRateLimitsAndRepeatsWhatMayPass) {
  add_customers(3);
  int calls = 0;
  stripe().before_list = [&](const sdk::ListRequest&) -> sdk::Result<void> {
    switch (++calls) {
      case 1:
      case 2:
        return sdk::rate_limited_error("scripted.limited", "Slower.", std::chrono::milliseconds(2));
      case 3:
      case 4:
        return sdk::transient_error("http.reset", "Connection reset.");
      default:
        return {};
    }
  };
  const std::string run = sync(stripe_);
  EXPECT_EQ(run_state(run), "succeeded");
  EXPECT_EQ(
      value("select rate_limit_waits_count || '/' || rate_limit_wait_ms from sync_runs where id = $1::uuid", {run}),
      "2/4");
  EXPECT_EQ(count("clients"), 3);
}

TEST_F(SyncRunTest, ARunFailsWhenTheServiceStaysAway) {
  stripe().before_list = [](const sdk::ListRequest&) -> sdk::Result<void> {
    return sdk::transient_error("http.connect", "Nobody there.");
  };
  const std::string run = sync(stripe_);
  EXPECT_EQ(run_state(run), "failed");
  EXPECT_EQ(value("select error->>'code' from sync_runs where id = $1::uuid", {run}), "http.connect");
}

TEST_F(SyncRunTest, ARefusedCredentialNeedsTheOwner) {
  stripe().before_list = [](const sdk::ListRequest&) -> sdk::Result<void> {
    return sdk::auth_error("stripe.key", "The key has expired.");
  };
  const std::string run = sync(stripe_);
  EXPECT_EQ(run_state(run), "failed");
  EXPECT_EQ(value("select state || ': ' || state_reason from connections"), "needs_reconnect: The key has expired.");
}

TEST_F(SyncRunTest, OneResourceThatCannotBeReadDoesNotKeepTheOthers) {
  add_customers(2);
  stripe().put("refunds", "re_1", R"({"amount":500,"currency":"usd","status":"succeeded","created":1700000000})");
  stripe().before_list = [](const sdk::ListRequest& request) -> sdk::Result<void> {
    if (request.resource == "charges")
      return sdk::permanent_error("stripe.permission", "The key may not read charges.");
    return {};
  };
  const std::string run = sync(stripe_);
  EXPECT_EQ(run_state(run), "failed");
  EXPECT_EQ(count("clients"), 2);
  EXPECT_EQ(value("select amount::text || kind from payments"), "-5.0000refund");
}

TEST_F(SyncRunTest, CancelEndsARunBetweenPages) {
  add_customers(1000);
  const std::string run = enqueue(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  stripe().before_list = [&](const sdk::ListRequest& request) -> sdk::Result<void> {
    if (request.page_cursor != "300") return {};
    return pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_TRY(runs_->cancel(session, run));
      return {};
    });
  };
  work_off(*runner_);
  EXPECT_EQ(run_state(run), "cancelled");
  EXPECT_LT(count("clients"), 1000);
  EXPECT_EQ(count("work_items where state = 'done'"), 1);
}

TEST_F(SyncRunTest, TheSchedulerStartsEachTickOnceOverAllHosts) {
  sync::Scheduler first(*pool_, *runs_, {std::chrono::milliseconds(5), std::chrono::seconds(3600)});
  sync::Scheduler second(*pool_, *runs_, {std::chrono::milliseconds(5), std::chrono::seconds(3600)});
  first.start();
  second.start();
  EXPECT_TRUE(wait_until([&] { return count("sync_runs") > 0; }));
  EXPECT_TRUE(wait_until([&] { return count("connections where next_sync_at > now()") == 1; }));
  first.stop();
  second.stop();
  EXPECT_EQ(count("sync_runs where trigger = 'schedule' and state = 'queued'"), 1);
  work_off(*runner_);
  // Due again: a new tick, a new run.
  query("update connections set next_sync_at = now() - interval '1 second'");
  EXPECT_EQ(first.look().value(), 1u);
  EXPECT_EQ(first.look().value(), 0u);
  EXPECT_EQ(count("sync_runs"), 2);
}

TEST_F(SyncRunTest, AnOlderStateIsNotAppliedOverANewerOne) {
  sdk::Record record;
  record.resource = "customers";
  record.external_id = "cus_1";
  record.data = sdk::parse_json(R"({"name":"Newer"})").value();
  record.updated_at = std::chrono::system_clock::time_point(std::chrono::seconds(2000));
  apply(stripe_, {record});
  record.data = sdk::parse_json(R"({"name":"Older"})").value();
  record.updated_at = std::chrono::system_clock::time_point(std::chrono::seconds(1000));
  EXPECT_EQ(apply(stripe_, {record}).unchanged, 1u);
  EXPECT_EQ(value("select name from clients"), "Newer");
}

TEST_F(SyncRunTest, PagesOfTheSameRecordsAtOnceMakeEachEntityOnce) {
  std::vector<sdk::Record> records;
  for (int number = 0; number < 40; ++number) {
    sdk::Record record;
    record.resource = "charges";
    record.external_id = "ch_" + std::to_string(number);
    record.data =
        sdk::parse_json(R"({"amount_captured":100,"currency":"usd","status":"succeeded","created":1700000000})")
            .value();
    records.push_back(std::move(record));
  }
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread) {
    threads.emplace_back([&, thread] {
      auto mine = records;
      if (thread % 2 == 1) std::reverse(mine.begin(), mine.end());
      apply(stripe_, mine);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count("payments"), 40);
  EXPECT_EQ(count("entity_links"), 40);
}

TEST_F(SyncRunTest, AnAccountThatIsConnectedAgainBringsNothingTwiceAndStillOwnsWhatItBrought) {
  service(stripe_).put("customers", "cus_1", R"({"name":"Ada","email":"ada@example.com"})");
  const char* charge =
      R"({"amount_captured":100,"currency":"usd","status":"succeeded","created":1700000000,"customer":"cus_1"})";
  service(stripe_).put("charges", "ch_1", charge);
  const auto has_account = [&](const std::string& id) {
    const auto kept = pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) {
      return connections_.set_account(session, connection(id), {"acct_1", "Acme", {}, {}});
    });
    ASSERT_TRUE(kept.ok()) << kept.error().message;
  };
  has_account(stripe_);
  sync(stripe_);
  ASSERT_TRUE(pool_
                  ->transaction(storage::Lane::kWorker,
                                [&](storage::Session& session) { return connections_.remove(session, stripe_); })
                  .ok());
  const std::string again = connect("stripe", "again");
  has_account(again);
  service(again).put("customers", "cus_1", R"({"name":"Ada Lovelace","email":"ada@example.com"})");
  service(again).put("charges", "ch_1", charge);
  sync(again);
  EXPECT_EQ(count("clients"), 1);
  EXPECT_EQ(count("payments"), 1);
  EXPECT_EQ(count("entity_links where connection_id = $1::uuid", {again}), 2);
  EXPECT_EQ(count("entity_links"), 2);
  EXPECT_EQ(value("select name from clients"), "Ada Lovelace") << "the field is still the account's";
}

TEST_F(SyncRunTest, TheFirstRunIsQueuedOnceAndTheSchedulerWaitsForItsTurn) {
  const auto first = [&] {
    bool queued = false;
    const auto asked = pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_ASSIGN(const auto run, runs_->enqueue_first(session, stripe_, std::chrono::minutes(15)));
      queued = run.has_value();
      return {};
    });
    EXPECT_TRUE(asked.ok()) << asked.error().message;
    return queued;
  };
  EXPECT_TRUE(first());
  EXPECT_EQ(value("select state || ' ' || trigger from sync_runs"), "queued connect");
  EXPECT_EQ(count("connections where next_sync_at > now() + interval '14 minutes'"), 1);
  EXPECT_FALSE(first());
  EXPECT_EQ(count("sync_runs"), 1);
}

}  // namespace
}  // namespace patchbay::testing
