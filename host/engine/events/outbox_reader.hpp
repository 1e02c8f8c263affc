// Reading the outbox in an order in which no event is skipped: only below the oldest running transaction.
#pragma once

#include "engine/events/outbox.hpp"
#include "engine/events/position.hpp"
#include "platform/storage/session.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::events {

/// Thread-safe.
class OutboxReader {
 public:
  explicit OutboxReader(storage::Database& database) : database_(database) {}

  /// Everything that has not been readable until now comes after it.
  sdk::Result<Position> present() const;
  /// At most `count_max` events after `after`.
  sdk::Result<std::vector<StoredEvent>> read(const Position& after, std::size_t count_max) const;
  /// The same inside a transaction.
  static sdk::Result<std::vector<StoredEvent>> read(storage::Session& session, const Position& after,
                                                    std::size_t count_max);
  /// Events of some topics in (after, upto].
  sdk::Result<std::vector<StoredEvent>> replay(const Position& after, const Position& upto,
                                               const std::vector<std::string>& topics, std::size_t count_max) const;
  /// The last event that retention removed; nullopt: none yet.
  sdk::Result<std::optional<Position>> trimmed() const;
  /// Removes at most `count_max` events older than `age`, none that a sink of `lossless_sinks` has not had. How many.
  sdk::Result<std::size_t> trim(std::chrono::milliseconds age, const std::vector<std::string>& lossless_sinks,
                                std::size_t count_max) const;

 private:
  storage::Database& database_;
};

/// Position of an event that was read.
Position position_of(const StoredEvent& event);

}  // namespace patchbay::events
