// One page of records becomes rows, in one transaction: map → unchanged? → identify → write → outbox → sync log.
#pragma once

#include "engine/mapping/mapping.hpp"
#include "engine/resources/writer.hpp"
#include "hub/connections/connection_store.hpp"
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
  std::string run_id;             // empty: a webhook
  std::vector<sdk::Record> records;
  std::vector<sdk::RecordProblem> problems;  // of `resource`
  std::string resource;           // of `problems`
};

/// Thread-safe. Used by sync runs and by webhooks alike.
class PageApplier {
 public:
  PageApplier(const resources::Registry& registry, const resources::Writer& writer);
  /// Inside the caller's transaction. A bad record is counted as failed and logged; only storage errors fail the page.
  sdk::Result<ApplyCounts> apply(storage::Session& session, const ApplyRequest& request) const;

 private:
  const resources::Registry& registry_;
  const resources::Writer& writer_;
};

}  // namespace patchbay::sync
