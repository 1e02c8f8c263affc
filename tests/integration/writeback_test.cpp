// What people change in the hub reaches the linked services once, and what comes back of it changes nothing.
#include "tests/integration/sync_fixture.hpp"

namespace patchbay::testing {
namespace {

class WritebackTest : public SyncTest {
 protected:
  WritebackTest() : stripe_(connect("stripe")) {}

  ScriptedService& stripe() { return service(stripe_); }

  std::string create(const std::string& kind, const sdk::json::object& body) {
    std::string id;
    std::vector<sdk::Error> errors;
    const auto created =
        pool_->transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_ASSIGN(const auto outcome, writer_.create(session, *registry_.find(kind), user(), body, errors));
          id = outcome.entity_id;
          return {};
        });
    EXPECT_TRUE(created.ok()) << (errors.empty() ? (created.ok() ? "" : created.error().message)
                                                 : errors.front().message);
    return id;
  }
  void update(const std::string& kind, const std::string& id, const sdk::json::object& body) {
    std::vector<sdk::Error> errors;
    const auto updated =
        pool_->transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_TRY(writer_.update(session, *registry_.find(kind), user(), id, body, std::nullopt, errors));
          return {};
        });
    EXPECT_TRUE(updated.ok()) << (updated.ok() ? "" : updated.error().message);
  }
  void remove(const std::string& kind, const std::string& id) {
    const auto removed = pool_->transaction(storage::Lane::kInteractive, [&](storage::Session& session) {
      return writer_.remove(session, *registry_.find(kind), user(), id, std::nullopt);
    });
    EXPECT_TRUE(removed.ok());
  }
  /// A client that Stripe knows as cus_1.
  std::string linked_client(const std::string& version = {}) {
    stripe().put("customers", "cus_1", R"({"name":"Ada","email":"ada@example.com","phone":null})", version);
    sync(stripe_, sdk::SyncMode::kFull, false, {"customers"});
    return value("select entity_id from entity_links where external_id = 'cus_1'");
  }

  const std::string stripe_;
};

TEST_F(WritebackTest, ANewClientIsCreatedInTheServiceOnceAndItsEchoIsNoNews) {
  const std::string id = create("client", {{"name", "New"}, {"email", "new@example.com"}, {"phone", "8105550100"}});
  write_back();
  ASSERT_EQ(stripe().writes().size(), 1u);
  EXPECT_EQ(sdk::canonical_json(stripe().writes()[0].data),
            R"({"email":"new@example.com","name":"New","phone":"8105550100"})");
  EXPECT_EQ(value("select external_id from entity_links where entity_id = $1::uuid", {id}), "made-1");
  const std::string version = value("select version from clients");
  const std::string run = sync(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  EXPECT_EQ(value("select counts->>'unchanged' from sync_runs where id = $1::uuid", {run}), "1");
  EXPECT_EQ(value("select version from clients"), version);
  write_back();
  EXPECT_EQ(stripe().writes().size(), 1u) << "no loop";
}

TEST_F(WritebackTest, AChangeReachesTheServiceWithItsFieldsOnly) {
  const std::string id = linked_client();
  update("client", id, {{"phone", "8105550123"}, {"notes", "only ours"}});
  write_back();
  ASSERT_EQ(stripe().writes().size(), 1u);
  EXPECT_EQ(stripe().writes()[0].external_id, "cus_1");
  EXPECT_EQ(sdk::canonical_json(stripe().writes()[0].data), R"({"phone":"8105550123"})");
  EXPECT_EQ(value("select pending_fields::text from entity_links"), "{}");
  const std::string run = sync(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  EXPECT_EQ(value("select counts->>'unchanged' from sync_runs where id = $1::uuid", {run}), "1");
}

TEST_F(WritebackTest, AChangeOfWhatTheServiceDoesNotKeepIsNotSent) {
  const std::string id = linked_client();
  update("client", id, {{"notes", "only ours"}});
  write_back();
  EXPECT_TRUE(stripe().writes().empty());
  EXPECT_EQ(count("work_items where kind = 'writeback'"), 0);
}

TEST_F(WritebackTest, WhatIsWrittenBackShowsInTheTimeOfTheRowAndIsNoNewsToWriteBack) {
  const std::string id = linked_client();
  update("client", id, {{"phone", "8105550123"}});
  const std::string changed_at = value("select updated_at from clients");
  const std::string version = value("select version from clients");
  write_back();
  EXPECT_GT(value("select updated_at from clients"), changed_at);
  EXPECT_EQ(value("select version from clients"), version);
  write_back();
  EXPECT_EQ(stripe().writes().size(), 1u) << "no loop";
}

TEST_F(WritebackTest, SeveralQuickChangesAreOneCall) {
  const std::string id = linked_client();
  update("client", id, {{"phone", "8105550101"}});
  update("client", id, {{"phone", "8105550102"}});
  update("client", id, {{"email", "other@example.com"}});
  write_back();
  ASSERT_EQ(stripe().writes().size(), 1u);
  EXPECT_EQ(sdk::canonical_json(stripe().writes()[0].data), R"({"email":"other@example.com","phone":"8105550102"})");
  EXPECT_EQ(count("work_items where outcome = 'coalesced'"), 2);
}

TEST_F(WritebackTest, ARecordThatComesInMeanwhileDoesNotOverwriteThePendingField) {
  const std::string id = linked_client();
  update("client", id, {{"email", "mine@example.com"}});
  // Not even delivered to write-back yet.
  stripe().put("customers", "cus_1", R"({"name":"Ada L.","email":"ada@example.com","phone":null})");
  sync(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  EXPECT_EQ(value("select name || '/' || email from clients"), "Ada L./mine@example.com");
  deliver_events();
  stripe().put("customers", "cus_1", R"({"name":"Ada Lovelace","email":"ada@example.com","phone":null})");
  sync(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  EXPECT_EQ(value("select name || '/' || email from clients"), "Ada Lovelace/mine@example.com");
  write_back();
  EXPECT_EQ(sdk::string_at(*stripe().find("customers", "cus_1"), "email"), "mine@example.com");
}

TEST_F(WritebackTest, AConflictReadsAgainAndTriesOnce) {
  const std::string id = linked_client("1");
  stripe().put("customers", "cus_1", R"({"name":"Changed there","email":"ada@example.com","phone":null})", "2");
  update("client", id, {{"phone", "8105550123"}});
  write_back();
  ASSERT_EQ(stripe().writes().size(), 2u);
  EXPECT_EQ(stripe().writes()[1].known_version, "2");
  EXPECT_EQ(value("select name || '/' || phone from clients"), "Changed there/8105550123");
  EXPECT_EQ(value("select remote_version from entity_links"), "3");
}

TEST_F(WritebackTest, ALostAnswerDoesNotCreateTwice) {
  create("client", {{"name", "New"}, {"email", "new@example.com"}});
  deliver_events();
  bool lost = false;
  stripe().after_write = [&](const sdk::Record&) { lost = true; };
  HeldClaim interrupted;
  interrupted.interrupt();
  // The call takes place, but its effect is not stored.
  const auto outcome = work_once(*writeback_, interrupted);
  ASSERT_TRUE(outcome && outcome->kind == queue::WorkOutcome::Kind::kFailed);
  EXPECT_TRUE(lost);
  EXPECT_EQ(count("entity_links"), 0);
  work_off(*writeback_);
  ASSERT_EQ(stripe().writes().size(), 2u);
  EXPECT_EQ(stripe().writes()[0].idempotency_key, stripe().writes()[1].idempotency_key);
  EXPECT_EQ(stripe().size("customers"), 1u);
  EXPECT_EQ(count("entity_links"), 1);
}

TEST_F(WritebackTest, TheEchoOfACreateWaitsForItsAnswer) {
  create("client", {{"name", "New"}});
  deliver_events();
  std::string refused;
  stripe().after_write = [&](const sdk::Record& record) {
    const connections::Connection owner = connection(stripe_);
    const mapping::Mapper mapper(*mappings_.find("stripe"), registry_, {});
    sync::ApplyRequest request;
    request.connection = &owner;
    request.mapper = &mapper;
    request.records = {record};
    const auto applied =
        pool_->transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_TRY(applier_.apply(session, request));
          return {};
        });
    if (!applied.ok()) refused = applied.error().code;
  };
  work_off(*writeback_);
  EXPECT_EQ(refused, "sync.create_under_way");
  EXPECT_EQ(count("clients"), 1);
  EXPECT_EQ(count("sync_creates_under_way"), 0);
}

TEST_F(WritebackTest, AFailureIsShownAndTriedAgain) {
  const std::string id = linked_client();
  update("client", id, {{"phone", "8105550123"}});
  deliver_events();
  stripe().before_write = [](const sdk::WriteRequest&) -> sdk::Result<void> {
    return sdk::invalid_error("stripe.phone", "No such phone.");
  };
  HeldClaim claim;
  const auto outcome = work_once(*writeback_, claim);
  ASSERT_TRUE(outcome && outcome->kind == queue::WorkOutcome::Kind::kFailed);
  EXPECT_EQ(value("select sync_error from entity_links"), "No such phone.");
  EXPECT_EQ(count("sync_log where status = 'failed' and operation = 'update' and error_message = 'No such phone.'"), 1);
  EXPECT_EQ(value("select pending_fields::text from entity_links"), "{phone}") << "the hub's value stays its own";
  stripe().before_write = nullptr;
  work_off(*writeback_);
  EXPECT_EQ(value("select coalesce(sync_error, '-') from entity_links"), "-");
}

TEST_F(WritebackTest, ModesOfAConnection) {
  query("update connections set options = '{\"writeBack\": \"linked\"}'");
  const std::string id = linked_client();
  create("client", {{"name", "Local"}});
  update("client", id, {{"phone", "8105550123"}});
  write_back();
  ASSERT_EQ(stripe().writes().size(), 1u);
  EXPECT_EQ(stripe().writes()[0].external_id, "cus_1");
  query("update connections set options = '{\"writeBack\": \"none\"}'");
  update("client", id, {{"phone", "8105550124"}});
  write_back();
  EXPECT_EQ(stripe().writes().size(), 1u);
}

TEST_F(WritebackTest, TheClientOfANewJobIsCreatedFirst) {
  const std::string jobber = connect("jobber", "field", "{\"writeBack\": \"linked\"}");
  const std::string client = create("client", {{"name", "Site"}});
  write_back();
  query("update connections set options = '{}' where id = $1::uuid", {jobber});
  create("job", {{"title", "Fix it"}, {"clientId", client}});
  write_back();
  const auto writes = service(jobber).writes();
  ASSERT_EQ(writes.size(), 2u);
  EXPECT_EQ(writes[0].resource, "clients");
  EXPECT_EQ(writes[1].resource, "jobs");
  EXPECT_EQ(sdk::string_at(writes[1].data, "clientId"), "made-1");
  EXPECT_EQ(sdk::string_at(writes[1].data, "title"), "Fix it");
}

TEST_F(WritebackTest, ADeletionGoesAsFarAsTheMappingSays) {
  const std::string jobber = connect("jobber", "field");
  service(jobber).put("clients", "c1",
                      R"({"name":"Ada","emails":[{"address":"ada@example.com","primary":true}],"phones":[]})");
  const std::string id = linked_client();
  sync(jobber, sdk::SyncMode::kFull, false, {"clients"});
  ASSERT_EQ(count("entity_links where entity_id = $1::uuid", {id}), 2);
  remove("client", id);
  write_back();
  EXPECT_EQ(service(jobber).removed(), std::vector<std::string>{"clients/c1"});
  EXPECT_TRUE(stripe().removed().empty());
  sync(stripe_, sdk::SyncMode::kFull, false, {"customers"});
  EXPECT_EQ(count("clients where deleted_at is null"), 0) << "deleted in the hub, it stays deleted";
}

TEST_F(WritebackTest, ACallThatIsNotAllowedFailsAloneAndLeavesTheConnectionConnected) {
  const std::string id = linked_client();
  stripe().before_write = [](const sdk::WriteRequest&) -> sdk::Result<void> {
    return sdk::permanent_error("stripe.forbidden", "Stripe: the key may not write customers");
  };
  update("client", id, {{"phone", "8105550123"}});
  deliver_events();
  HeldClaim claim;
  const auto outcome = work_once(*writeback_, claim);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, queue::WorkOutcome::Kind::kFailed);
  EXPECT_EQ(value("select state from connections"), "connected");
  EXPECT_EQ(value("select sync_error from entity_links"), "Stripe: the key may not write customers");
  EXPECT_EQ(value("select error_message || ' ' || (metadata->>'code') from sync_log where status = 'failed'"),
            "Stripe: the key may not write customers stripe.forbidden");
}

}  // namespace
}  // namespace patchbay::testing
