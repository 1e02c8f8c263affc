// Two sides of a reference that are applied at the same moment, by two workers that do not see each other's work.
#include "hub/webhooks/handler.hpp"
#include "tests/integration/sync_fixture.hpp"

#include <patchbay/sdk/codec.hpp>

#include <barrier>
#include <thread>

namespace patchbay::testing {
namespace {

class ReferenceRace : public SyncTest {
 protected:
  ReferenceRace() : stripe_(connect("stripe")) { EXPECT_TRUE(connections_.refresh().ok()); }

  queue::WorkItem event(const std::string& resource, const std::string& id) const {
    sdk::WebhookEvent told;
    told.topic = resource + ".updated";
    told.dedupe_key = id;
    told.resource = resource;
    told.external_id = id;
    queue::WorkItem item;
    item.kind = "webhook";
    item.connection_id = stripe_;
    item.payload = {{"event", sdk::encode(told)}};
    return item;
  }
  void handle(const queue::WorkItem& item) {
    HeldClaim claim;
    const auto outcome = handler_.handle({item}, claim).front();
    EXPECT_EQ(outcome.kind, queue::WorkOutcome::Kind::kCompleted) << outcome.error.message;
  }

  const std::string stripe_;
  webhooks::WebhookHandler handler_{*pool_,    connections_, clients_, plugins_, mappings_,
                                    registry_, {},           applier_, nullptr,  *runs_};
};

TEST_F(ReferenceRace, ACustomerAndHisChargeOfOneMomentFindEachOther) {
  constexpr int kRounds = 60;
  for (int round = 0; round < kRounds; ++round) {
    const std::string customer = "cus_" + std::to_string(round), charge = "ch_" + std::to_string(round);
    service(stripe_).put("customers", customer, R"({"name":"Ada"})");
    service(stripe_).put(
        "charges", charge,
        R"({"amount_captured":100,"currency":"usd","status":"succeeded","created":1700000000,"customer":")" + customer +
            R"("})");
    std::barrier start(2);
    std::thread other([&] {
      start.arrive_and_wait();
      handle(event("charges", charge));
    });
    start.arrive_and_wait();
    handle(event("customers", customer));
    other.join();
  }
  EXPECT_EQ(count("payments"), kRounds);
  EXPECT_EQ(count("payments where client_id is null"), 0);
  EXPECT_EQ(count("sync_pending_references"), 0);
}

/// The same without luck: each commits before it could see the other.
TEST_F(ReferenceRace, TheLaterOfTwoThatDoNotSeeEachOtherFillsTheReference) {
  service(stripe_).put("customers", "cus_1", R"({"name":"Ada"})");
  const connections::Connection owner = connection(stripe_);
  const mapping::Mapper mapper(*mappings_.find("stripe"), registry_, {});
  const auto record = [](const char* resource, const char* id, const char* json) {
    sdk::Record made;
    made.resource = resource;
    made.external_id = id;
    made.data = sdk::parse_json(json).value();
    return made;
  };
  sync::ApplyRequest charge;
  charge.connection = &owner;
  charge.mapper = &mapper;
  sync::ApplyRequest customer = charge;
  charge.records = {
      record("charges", "ch_1", R"({"amount_captured":100,"currency":"usd","status":"succeeded","customer":"cus_1"})")};
  customer.records = {record("customers", "cus_1", R"({"name":"Ada"})")};
  const auto in_transaction = [&](const auto& act) {
    const auto done = pool_->transaction(storage::Lane::kWorker, act);
    ASSERT_TRUE(done.ok()) << done.error().message;
  };
  in_transaction([&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(applier_.apply(session, customer));
    in_transaction([&](storage::Session& other) -> sdk::Result<void> {
      PATCHBAY_TRY(applier_.apply(other, charge));
      return {};
    });
    in_transaction([&](storage::Session& other) { return applier_.settle_met(other, charge); });
    return {};
  });
  EXPECT_EQ(count("payments where client_id is null"), 1) << "neither saw the other";
  in_transaction([&](storage::Session& session) { return applier_.settle_met(session, customer); });
  EXPECT_EQ(count("payments where client_id is null"), 0);
}

}  // namespace
}  // namespace patchbay::testing
