// One write-back, from its work item to the service's answer. Internal to the handler.
#pragma once

#include "hub/sync/run_log.hpp"
#include "hub/sync/writeback.hpp"

namespace patchbay::sync {

class WritebackItem {
 public:
  WritebackItem(const WritebackWiring& wiring, const queue::WorkItem& item, queue::WorkClaim& claim);
  queue::WorkOutcome run();

 private:
  /// What there is to send, read in one transaction.
  struct Plan {
    enum class Step { kNothing, kCreate, kUpdate, kRemove, kWait };
    Step step = Step::kNothing;
    std::string reason;  // of kNothing: how the item ends
    sdk::json::object row;
    std::int64_t version = 0;
    std::optional<OutboundLink> link;
    std::vector<std::string> fields;  // of kUpdate
    OutboundReferences references;
  };
  sdk::Result<void> read_payload();
  sdk::Result<Plan> make_plan(storage::Session& session);
  sdk::Result<void> plan_row(storage::Session& session, Plan& plan);
  /// Sees to it that the service gets to know what the row refers to; kWait while it does not.
  sdk::Result<void> plan_references(storage::Session& session, Plan& plan);
  sdk::Result<void> act(Plan& plan);
  sdk::Result<void> create(Plan& plan, sdk::ServiceClient& client);
  sdk::Result<void> update(Plan& plan, sdk::ServiceClient& client);
  sdk::Result<void> remove(const Plan& plan, sdk::ServiceClient& client);
  /// The service holds another state than the hub thought: takes that in; pending fields stay.
  sdk::Result<sdk::Record> read_again(const std::string& external_id, sdk::ServiceClient& client);
  sdk::Result<void> store_answer(const sdk::Record& record, std::int64_t version, const std::string& operation);
  sdk::Result<void> remove_echo_entity(storage::Session& session, const std::string& entity_id);
  sdk::Result<void> apply_record(sdk::Record record);
  sdk::Result<void> finish(const std::string& outcome);
  sdk::Result<void> lock_entity(storage::Session& session);
  queue::WorkOutcome fail(const sdk::Error& error);
  sdk::CallContext make_context() const;
  sdk::Result<void> in_transaction(const storage::Work& work) {
    return wiring_.database.transaction(storage::Lane::kWorker, work);
  }
  std::string idempotency_key(const sdk::json::value& request) const;

  const WritebackWiring& wiring_;
  const queue::WorkItem& item_;
  queue::WorkClaim& claim_;
  connections::Connection connection_;
  std::shared_ptr<const mapping::Mapping> mapping_;
  std::optional<mapping::Mapper> mapper_;
  const mapping::ResourceMapping* rules_ = nullptr;
  const resources::ResourceDescription* description_ = nullptr;
  std::string operation_, entity_kind_, entity_id_;
  std::int64_t version_ = 0;
  std::vector<std::string> fields_;
};

}  // namespace patchbay::sync
