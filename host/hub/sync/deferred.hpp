// New records that may belong to an existing entity, set aside until the run has seen all records of their resource:
// only then is it known whether a key is claimed by one record or by several, whatever pages they stood on.
#pragma once

#include "hub/identity/match.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/records.hpp>

#include <string>
#include <vector>

namespace patchbay::sync {

struct DeferredRecord {
  const sdk::Record* record = nullptr;
  std::string matched_by;  // email, phone
  std::string key;
};

/// Those that are to be applied next, with the keys among theirs that several of all deferred records claim.
struct DeferredBatch {
  std::vector<sdk::Record> records;
  identity::Contested contested;
};

sdk::Result<void> store_deferred(storage::Session& session, const std::string& run_id, const std::string& resource,
                                 const std::vector<DeferredRecord>& records);
/// E-mail matches before phone matches; empty when all have been applied.
sdk::Result<DeferredBatch> load_deferred(storage::Session& session, const std::string& run_id,
                                         const std::string& resource, std::size_t count_max);
sdk::Result<void> mark_deferred_applied(storage::Session& session, const std::string& run_id,
                                        const std::string& resource, const std::vector<sdk::Record>& records);

}  // namespace patchbay::sync
