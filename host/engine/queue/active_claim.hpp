#pragma once

#include "engine/queue/claim_store.hpp"
#include "engine/queue/work.hpp"

#include <string>
#include <vector>

namespace patchbay::queue {

/// The claim that a handler works under.
class ActiveClaim : public WorkClaim {
 public:
  ActiveClaim(const ClaimStore& store, std::string claim_id, const std::vector<WorkItem>& items)
      : store_(store), claim_id_(std::move(claim_id)) {
    for (const WorkItem& item : items) item_ids_.push_back(item.id);
  }

  sdk::Result<void> complete(storage::Session& session, const std::vector<std::int64_t>& ids,
                             const std::string& outcome) override {
    return ClaimStore::complete(session, claim_id_, ids, outcome);
  }
  bool renew() override {
    if (cancel_.cancelled()) return false;
    const auto held = store_.renew({claim_id_}, item_ids_);
    if (held.ok() && held->empty()) cancel_.cancel();
    return !cancel_.cancelled();  // PostgreSQL away: complete() will tell
  }
  sdk::CancelToken cancel() const override { return cancel_; }
  const std::string& id() const { return claim_id_; }
  const std::vector<std::int64_t>& item_ids() const { return item_ids_; }

 private:
  const ClaimStore& store_;
  const std::string claim_id_;
  std::vector<std::int64_t> item_ids_;
  sdk::CancelToken cancel_;
};

}  // namespace patchbay::queue
