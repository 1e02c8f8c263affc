#pragma once

#include "engine/queue/road.hpp"
#include "engine/queue/work.hpp"

namespace patchbay::queue {

/// Thread-safe.
class PgWorkQueue : public WorkQueue {
 public:
  explicit PgWorkQueue(Road& road) : road_(road) {}
  sdk::Result<std::vector<std::int64_t>> enqueue(storage::Session& session, const std::vector<NewWork>& work) override;
  void announce(const std::vector<std::int64_t>& ids) override { road_.announce("", ids); }
  void announce(const std::string& kind, const std::vector<std::int64_t>& ids) override { road_.announce(kind, ids); }

 private:
  Road& road_;
};

}  // namespace patchbay::queue
