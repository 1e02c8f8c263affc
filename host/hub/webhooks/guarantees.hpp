// What the hub promises, in numbers: what came in is somewhere, and how much stands on Redis alone.
#pragma once

#include "hub/webhooks/fallback.hpp"
#include "platform/storage/session.hpp"

#include <chrono>
#include <mutex>

namespace patchbay::webhooks {

/// Thread-safe. Counting looks at every receipt, so an answer is kept for a few seconds.
class Guarantees {
 public:
  Guarantees(storage::Database& database, const Fallback& fallback,
             std::chrono::milliseconds keep = std::chrono::seconds(5))
      : database_(database), fallback_(fallback), keep_(keep) {}
  /// {webhooks: {stored, due, claimed, done, dead, removed, difference, balanced, outcomes}, atRisk, road…}
  sdk::Result<sdk::json::object> current();

 private:
  sdk::Result<sdk::json::object> count() const;

  storage::Database& database_;
  const Fallback& fallback_;
  const std::chrono::milliseconds keep_;
  std::mutex mutex_;  // one count at a time: who comes meanwhile waits for it
  std::optional<sdk::json::object> kept_;
  std::chrono::steady_clock::time_point counted_at_{};
};

}  // namespace patchbay::webhooks
