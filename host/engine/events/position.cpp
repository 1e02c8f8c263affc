#include "engine/events/position.hpp"

#include <charconv>

namespace patchbay::events {
namespace {

template <typename Number>
bool parse_whole(std::string_view text, Number& number) {
  if (text.empty() || text.front() == '-' || text.front() == '+') return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::string format_position(const Position& position) {
  return std::to_string(position.xid) + "-" + std::to_string(position.id);
}

std::optional<Position> parse_position(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  Position position;
  if (!parse_whole(text.substr(0, dash), position.xid) || !parse_whole(text.substr(dash + 1), position.id)) {
    return std::nullopt;
  }
  return position;
}

}  // namespace patchbay::events
