// The statements that move work between its states. Every one checks the claim, so that a worker that lost its lease
// has no effect.
#pragma once

#include "engine/queue/work.hpp"
#include "platform/storage/session.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace patchbay::queue {

/// How an item that was not completed goes on.
struct Settlement {
  std::int64_t id = 0;
  bool dead = false;
  bool counted = true;  // as a try
  std::chrono::milliseconds delay{0};
  sdk::Error error;
};

struct ClaimRequest {
  std::string kind;
  std::string claim_id;
  std::size_t count_max = 1;
  bool lane_runs = false;
};

/// Thread-safe.
class ClaimStore {
 public:
  ClaimStore(storage::Database& database, std::chrono::milliseconds lease) : database_(database), lease_(lease) {}

  /// Claims those of `ids` that are due and whose lane is free, in order of their ids. storage.unique: another worker
  /// took a lane at the same moment; nothing was claimed.
  sdk::Result<std::vector<WorkItem>> claim(const ClaimRequest& request, const std::vector<std::int64_t>& ids) const;
  /// The same for whatever has been due longest, without the road.
  sdk::Result<std::vector<WorkItem>> claim_due(const ClaimRequest& request) const;
  /// Those of `ids` that are still due: their lane was taken.
  sdk::Result<std::vector<std::int64_t>> still_due(const std::string& kind, const std::vector<std::int64_t>& ids) const;
  static sdk::Result<void> complete(storage::Session& session, const std::string& claim_id,
                                    const std::vector<std::int64_t>& ids, const std::string& outcome);
  /// Items that the claim has lost or completed are left alone.
  sdk::Result<void> settle(const std::string& claim_id, const std::vector<Settlement>& settlements) const;
  /// The claims of `claim_ids`, which were made of `item_ids`, that still hold something.
  sdk::Result<std::set<std::string>> renew(const std::vector<std::string>& claim_ids,
                                           const std::vector<std::int64_t>& item_ids) const;
  std::chrono::milliseconds lease() const { return lease_; }

 private:
  storage::Database& database_;
  const std::chrono::milliseconds lease_;
};

/// {"class", "code", "message", …} as kept with the row.
sdk::json::object error_json(const sdk::Error& error);

}  // namespace patchbay::queue
