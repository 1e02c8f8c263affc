// One page of records becomes rows, in one transaction: map → unchanged? → identify → write → outbox → sync log.
#pragma once

#include "engine/mapping/catalog.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/resources/writer.hpp"
#include "hub/connections/connection_store.hpp"
#include "hub/identity/linker.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/records.hpp>

#include <string>
#include <vector>

namespace patchbay::sync {

struct ApplyCounts {
  std::uint64_t created = 0, updated = 0, unchanged = 0, deleted = 0, failed = 0, merged = 0;
  ApplyCounts& operator+=(const ApplyCounts& other);
};

struct ApplyRequest {
  const connections::Connection* connection = nullptr;
  const mapping::Mapper* mapper = nullptr;
  std::string run_id;  // empty: a webhook
  std::vector<sdk::Record> records;
  std::vector<sdk::RecordProblem> problems;  // of `resource`
  std::string resource;                      // of `problems`
  /// Sets new records aside whose e-mail or phone an entity has already, until all records of the run have been seen:
  /// so the order of pages does not decide who is tied to whom. With a run_id.
  bool defer_matches = false;
  bool was_deferred = false;      // these are such records
  identity::Contested contested;  // keys that several records that were set aside claim
};

/// Thread-safe. Used by sync runs and by webhooks alike.
class PageApplier {
 public:
  /// What is passed in outlives the applier.
  PageApplier(const resources::Registry& registry, const resources::Writer& writer,
              const mapping::MappingCatalog& mappings);
  /// Inside the caller's transaction. A bad record is counted as failed and logged; only storage errors that may pass
  /// (storage.unavailable, storage.serialization, …) fail the page, and "sync.create_under_way" (kTransient): a record
  /// may be the echo of one that the hub is creating right now; try again a moment later.
  sdk::Result<ApplyCounts> apply(storage::Session& session, const ApplyRequest& request) const;
  /// Fills references whose record, or whose entity with the key, has arrived meanwhile by another way; for the end of
  /// a run.
  sdk::Result<void> settle_references(storage::Session& session, const connections::Connection& connection,
                                      const mapping::Mapper& mapper) const;

  /// Fills what these records wait for and what waits for them, after the transaction that applied them: two that
  /// applied the two sides of a reference at once did not see each other, but of what follows them the later one sees
  /// both.
  sdk::Result<void> settle_met(storage::Session& session, const ApplyRequest& request) const;

 private:
  const resources::Registry& registry_;
  const resources::Writer& writer_;
  const mapping::MappingCatalog& mappings_;
  identity::Linker linker_;
};

}  // namespace patchbay::sync
