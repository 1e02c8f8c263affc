// Rows of sync_runs: asked for, under way, over.
#pragma once

#include "engine/queue/work.hpp"
#include "hub/sync/eta.hpp"
#include "hub/sync/page_applier.hpp"
#include "platform/storage/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace patchbay::sync {

struct RunRequest {
  std::string connection_id;
  sdk::SyncMode mode = sdk::SyncMode::kIncremental;
  std::vector<std::string> resources;  // empty: all that are mapped
  bool dry_run = false;
  std::string trigger;     // schedule, api, cli, webhook, connect
  std::string tick;        // of a schedule: timestamptz text; a tick of a connection happens once over all hosts
  std::string created_by;  // user id; empty: nobody
};

struct Run {
  std::string id;
  RunRequest request;
  std::string state;       // queued, running, succeeded, failed, cancelled
  std::string started_at;  // timestamptz text
  bool cancel_requested = false;
};

/// What a run has done so far, for its row.
struct RunProgress {
  std::string resource;
  std::size_t resources_done = 0, resources_total = 0;
  std::uint64_t pages = 0, records = 0;
  std::optional<std::uint64_t> total_estimate;  // of the present resource
  std::optional<Eta::Estimate> eta;
};

/// Stateless; every call runs in the caller's session.
class RunStore {
 public:
  explicit RunStore(queue::WorkQueue& queue) : queue_(queue) {}

  struct Queued {
    std::string run_id;
    std::vector<std::int64_t> work_ids;  // to be announced after the commit
  };
  /// nullopt where another host already took the tick. kConflict "sync.too_many_runs" with many runs waiting.
  sdk::Result<std::optional<Queued>> enqueue(storage::Session& session, const RunRequest& request) const;
  /// The first run of a connection that has had none, and the scheduler's next one an interval later; nullopt where it
  /// has had one.
  sdk::Result<std::optional<Queued>> enqueue_first(storage::Session& session, const std::string& connection_id,
                                                   std::chrono::seconds default_interval) const;
  void announce(const Queued& queued) const { queue_.announce("sync", queued.work_ids); }

  sdk::Result<std::optional<Run>> find(storage::Session& session, const std::string& run_id) const;
  sdk::Result<void> start(storage::Session& session, const std::string& run_id) const;
  /// Adds to the counts and sets the progress; true when somebody asked to cancel.
  sdk::Result<bool> advance(storage::Session& session, const std::string& run_id, const ApplyCounts& added,
                            const RunProgress& progress) const;
  sdk::Result<void> store_waits(storage::Session& session, const std::string& run_id, std::uint64_t count,
                                std::chrono::milliseconds total) const;
  /// Ends the run. `error` may be null.
  sdk::Result<void> finish(storage::Session& session, const Run& run, const std::string& state,
                           const sdk::Error* error) const;
  /// A queued run ends at once, a running one soon. kNotFound; kConflict "sync.run_over".
  sdk::Result<std::string> cancel(storage::Session& session, const std::string& run_id) const;

 private:
  queue::WorkQueue& queue_;
};

/// {"created": …, …} in the words of the contract.
sdk::json::object counts_json(const ApplyCounts& counts);

}  // namespace patchbay::sync
