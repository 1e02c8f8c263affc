// One run of one connection, from where it stands to its end.
#pragma once

#include "engine/plugins/catalog.hpp"
#include "hub/sync/checkpoint.hpp"
#include "hub/sync/eta.hpp"
#include "hub/sync/page_source.hpp"
#include "hub/sync/run_store.hpp"
#include "hub/sync/run_watch.hpp"

namespace patchbay::sync {

struct RunSettings {
  CallSettings calls;
  std::size_t batch_records = 1000;  // service pages that are there already share a transaction up to this size
  std::uint32_t page_size = 100;
  std::uint32_t apply_tries_max = 6;
};

/// Resources of a run in dependency order: those that are mapped and can be listed, only `wanted` where it is not
/// empty.
std::vector<const sdk::ResourceDescription*> order_resources(const sdk::Description& description,
                                                             const mapping::Mapping& mapping,
                                                             const std::vector<std::string>& wanted);

/// What a run works with. References outlive it.
struct RunContext {
  storage::Database& database;
  const PageApplier& applier;
  const RunStore& runs;
  const RunSettings& settings;
  const Run& run;
  const connections::Connection& connection;
  const sdk::Description& description;
  const mapping::Mapper& mapper;
  sdk::ServiceClient& client;
  RunWatch& watch;
  std::function<void()> committed;  // something is in the outbox
};

class RunSession {
 public:
  explicit RunSession(RunContext context);
  /// Runs all resources. A resource that cannot be read does not keep the others from being read; its error is returned
  /// at the end. kCancelled where the watch stopped the run.
  sdk::Result<void> run();
  CallWaits waits() const { return caller_.waits(); }

 private:
  /// The list of one resource on its way.
  struct Listing {
    const sdk::ResourceDescription* resource = nullptr;
    Checkpoint checkpoint;
    sdk::SyncMode mode = sdk::SyncMode::kFull;
    bool finds_vanished = false;  // every record is seen, so what is not seen is gone
  };
  /// How many records each resource had the last time; empty where the run reads changes only.
  sdk::Result<std::map<std::string, std::uint64_t>> known_counts();
  sdk::Result<void> sync_resource(const sdk::ResourceDescription& resource);
  sdk::Result<Listing> open(const sdk::ResourceDescription& resource);
  sdk::Result<void> list_pages(Listing& listing);
  sdk::Result<void> apply_pages(Listing& listing, sdk::Page page, std::uint64_t page_count);
  sdk::Result<void> apply_deferred(const Listing& listing);
  sdk::Result<void> remove_vanished(const Listing& listing);
  sdk::Result<std::vector<std::string>> find_vanished(const Listing& listing);
  /// What the service says about a record that the list did not have.
  sdk::Result<sdk::Record> look_up(const sdk::ResourceDescription& resource, const std::string& external_id);
  sdk::Result<void> commit_batch(const ApplyRequest& request, const Checkpoint* checkpoint, const std::string& seen);
  sdk::Result<void> commit_once(const ApplyRequest& request, const Checkpoint* checkpoint, const std::string& seen);
  sdk::Result<void> store_checkpoint(const Listing& listing);
  sdk::Result<bool> took_place(const std::string& resource, const Checkpoint* checkpoint);
  sdk::Result<void> check_running() const;

  RunContext context_;
  ServiceCaller caller_;
  RunProgress progress_;
  Eta eta_;
};

}  // namespace patchbay::sync
