// Applies stored webhooks: the record's latest state into the unified model, once, in the transaction that marks the
// work done.
#pragma once

#include "engine/events/sink.hpp"
#include "engine/mapping/catalog.hpp"
#include "engine/plugins/catalog.hpp"
#include "engine/queue/work.hpp"
#include "engine/resources/description.hpp"
#include "hub/connections/connection_store.hpp"
#include "hub/sync/page_applier.hpp"
#include "hub/sync/run_store.hpp"
#include "platform/storage/session.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace patchbay::webhooks {

struct HandlerSettings {
  std::size_t batch_max = 96;
  std::chrono::milliseconds call_timeout{30'000};  // of one call to a service
};

/// Thread-safe: several batches at once.
class WebhookHandler : public queue::WorkHandler {
 public:
  /// What is passed in outlives the handler; `wake` may be null.
  WebhookHandler(storage::Database& database, connections::ConnectionStore& connections,
                 connections::ClientFactory& clients, const plugins::PluginCatalog& plugins,
                 const mapping::MappingCatalog& mappings, const resources::Registry& registry,
                 mapping::MappingContext mapping_context, const sync::PageApplier& applier, events::Wake* wake,
                 const sync::RunStore& runs, HandlerSettings settings = {});
  std::string kind() const override { return "webhook"; }
  std::size_t batch_max() const override { return settings_.batch_max; }
  bool takes_lane_runs() const override { return true; }
  std::vector<queue::WorkOutcome> handle(const std::vector<queue::WorkItem>& items, queue::WorkClaim& claim) override;

 private:
  using RecordKey = std::tuple<std::string, std::string, std::string>;  // connection, resource, external id
  /// One item on its way through a batch.
  struct Task {
    const queue::WorkItem* item = nullptr;
    const connections::Connection* connection = nullptr;
    const plugins::LoadedPlugin* plugin = nullptr;
    std::vector<sdk::Record> snapshots;
    std::vector<RecordKey> fetches;
    std::vector<std::string> resyncs;  // resources of which a delta run is asked for
    std::string result = "ignored";    // outcome when done
    bool disconnects = false;
    std::optional<sdk::Error> error;
  };
  struct Batch {
    connections::ConnectionStore::Snapshot connections;
    std::map<std::string, connections::Connection> unheard_of;  // made by another host since the snapshot
    std::vector<Task> tasks;
    std::map<RecordKey, sdk::Result<sdk::Record>> fetched;
    std::map<std::string, std::shared_ptr<const mapping::Mapping>> mappings;  // by connector
  };

  Task prepare(const queue::WorkItem& item, Batch& batch) const;
  /// Null: removed since, or never there.
  sdk::Result<const connections::Connection*> find_connection(const std::string& id, Batch& batch) const;
  sdk::Result<std::vector<sdk::WebhookEvent>> parse(const queue::WorkItem& item,
                                                    const plugins::LoadedPlugin& plugin) const;
  void plan(const sdk::WebhookEvent& event, Task& task, Batch& batch) const;
  void fetch_all(Batch& batch, queue::WorkClaim& claim) const;
  sdk::Result<sdk::Record> fetch(sdk::ServiceClient& client, const RecordKey& key, const queue::WorkClaim& claim) const;
  /// Applies and completes these tasks in one transaction.
  sdk::Result<void> apply(const Batch& batch, const std::vector<const Task*>& tasks, queue::WorkClaim& claim) const;
  /// `act` on the batch's records, those of a connection together.
  sdk::Result<void> for_each_request(const Batch& batch, const std::vector<const Task*>& tasks,
                                     const std::function<sdk::Result<void>(const sync::ApplyRequest&)>& act) const;
  void settle(const Batch& batch, const std::vector<const Task*>& tasks) const;
  sdk::Result<void> apply_records(storage::Session& session, const Batch& batch,
                                  const std::vector<const Task*>& tasks) const;
  /// A delta run for each resource that needs one, but none where one that will see the change waits already.
  sdk::Result<void> queue_runs(storage::Session& session, const std::vector<const Task*>& tasks,
                               std::vector<sync::RunStore::Queued>& queued) const;
  std::vector<sdk::Record> records_of(const Batch& batch, const Task& task) const;

  storage::Database& database_;
  connections::ConnectionStore& connections_;
  connections::ClientFactory& clients_;
  const plugins::PluginCatalog& plugins_;
  const mapping::MappingCatalog& mappings_;
  const resources::Registry& registry_;
  const mapping::MappingContext mapping_context_;
  const sync::PageApplier& applier_;
  events::Wake* wake_;
  const sync::RunStore& runs_;
  const HandlerSettings settings_;
};

}  // namespace patchbay::webhooks
