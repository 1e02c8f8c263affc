// Work that was given up, and work that is to be done once more: what the API and the CLI ask for.
#pragma once

#include "engine/queue/work.hpp"
#include "platform/storage/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::queue {

struct DeadLetterFilter {
  std::string kind;                       // empty: all
  std::string connection_id;              // empty: all
  std::optional<std::int64_t> before_id;  // cursor
  std::size_t count_max = 20;
};

/// Thread-safe.
class DeadLetters {
 public:
  DeadLetters(storage::Database& database, WorkQueue& queue) : database_(database), queue_(queue) {}
  /// Newest first; each as JSON {id, kind, connectionId, topic, laneKey, attempts, error, createdAt, diedAt}.
  sdk::Result<std::vector<sdk::json::object>> list(const DeadLetterFilter& filter) const;
  /// Makes a dead item due again with all its tries. kNotFound when it is not dead.
  sdk::Result<void> retry(std::int64_t id) const;
  /// The same for every dead item of the filter (its cursor and count_max are not used); how many.
  sdk::Result<std::size_t> retry_all(const DeadLetterFilter& filter) const;
  /// Makes a finished item (done or dead) due again. kConflict "queue.not_finished" while it is due or worked on.
  sdk::Result<void> replay(std::int64_t id, const std::string& kind) const;

 private:
  storage::Database& database_;
  WorkQueue& queue_;
};

}  // namespace patchbay::queue
