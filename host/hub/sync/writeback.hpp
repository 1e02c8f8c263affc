// What people change in the hub reaches the services it is linked with: by the outbox, through the queue, with retries.
#pragma once

#include "engine/events/sink.hpp"
#include "engine/queue/work.hpp"
#include "hub/sync/page_applier.hpp"
#include "hub/sync/writeback_store.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace patchbay::sync {

/// Turns events of the API into write-back work, one item for each connection that is to know. A connection takes part
/// by its option `writeBack`: all (the default; new entities are created there as well), linked (only what it knows
/// already), none.
class WritebackSink : public events::EventSink {
 public:
  WritebackSink(queue::WorkQueue& queue, const mapping::MappingCatalog& mappings)
      : queue_(queue), mappings_(mappings) {}
  std::string name() const override { return "writeback"; }
  sdk::Result<void> deliver(storage::Session& session, const std::vector<events::StoredEvent>& events) override;
  void committed() override;

 private:
  queue::WorkQueue& queue_;
  const mapping::MappingCatalog& mappings_;
  std::vector<std::int64_t> enqueued_;  // by the delivery under way
};

struct WritebackWiring {
  storage::Database& database;
  const connections::ConnectionStore& connections;
  connections::ClientFactory& clients;
  const mapping::MappingCatalog& mappings;
  const resources::Registry& registry;
  const resources::Writer& writer;
  const PageApplier& applier;
  queue::WorkQueue& queue;
  events::Wake* wake = nullptr;  // may be null
  mapping::MappingContext context;
  std::chrono::milliseconds call_timeout{30'000};
  std::chrono::milliseconds dependency_wait{1'000};  // for the client of a job that its service does not know yet
};

/// One item: the latest state of one entity to one connection. Thread-safe.
class WritebackHandler : public queue::WorkHandler {
 public:
  explicit WritebackHandler(WritebackWiring wiring) : wiring_(std::move(wiring)) {}
  std::string kind() const override { return "writeback"; }
  std::size_t batch_max() const override { return 1; }
  std::vector<queue::WorkOutcome> handle(const std::vector<queue::WorkItem>& items, queue::WorkClaim& claim) override;

 private:
  WritebackWiring wiring_;
};

}  // namespace patchbay::sync
