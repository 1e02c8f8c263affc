// Sync runs as work of the queue: one at a time for each connection, resumed where it was after a crash.
#pragma once

#include "engine/events/sink.hpp"
#include "hub/sync/run_session.hpp"

namespace patchbay::sync {

struct RunnerWiring {
  storage::Database& database;
  const connections::ConnectionStore& connections;
  connections::ClientFactory& clients;
  const plugins::PluginCatalog& plugins;
  const mapping::MappingCatalog& mappings;
  const resources::Registry& registry;
  const PageApplier& applier;
  const RunStore& runs;
  events::Wake* wake = nullptr;     // may be null
  mapping::MappingContext context;  // currency and phone region of the business
  RunSettings settings;
  int attempts_max = 5;  // of a run whose service or database stays away; then it has failed
};

/// The context of a connection: its own currency where the option `currency` is set.
mapping::MappingContext context_for(const mapping::MappingContext& business, const connections::Connection& connection);

/// Thread-safe.
class SyncRunner : public queue::WorkHandler {
 public:
  explicit SyncRunner(RunnerWiring wiring) : wiring_(std::move(wiring)) {}
  std::string kind() const override { return "sync"; }
  std::size_t batch_max() const override { return 1; }
  std::vector<queue::WorkOutcome> handle(const std::vector<queue::WorkItem>& items, queue::WorkClaim& claim) override;

 private:
  queue::WorkOutcome run_item(const queue::WorkItem& item, queue::WorkClaim& claim);
  sdk::Result<void> execute(const Run& run, RunWatch& watch);
  sdk::Result<void> finish(const queue::WorkItem& item, queue::WorkClaim& claim, const Run& run,
                           const std::string& state, const sdk::Error* error);
  void store_waits(const std::string& run_id, const CallWaits& waits, const limits::RateLimitWaits& budget_waits);
  RunnerWiring wiring_;
};

}  // namespace patchbay::sync
