// A place in the outbox: events are ordered by the transaction that wrote them, then by their id.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::events {

struct Position {
  std::uint64_t xid = 0;
  std::int64_t id = 0;
  auto operator<=>(const Position&) const = default;
};

/// "<xid>-<id>", as clients see it.
std::string format_position(const Position& position);
/// nullopt for anything that format_position() would not have written.
std::optional<Position> parse_position(std::string_view text);

}  // namespace patchbay::events
