#include "engine/mapping/condition.hpp"

#include "engine/mapping/path.hpp"

#include <charconv>
#include <cmath>

namespace patchbay::mapping {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Whether the text is one of "a|b|c".
bool is_one_of(std::string_view text, std::string_view alternatives) {
  while (true) {
    const auto bar = alternatives.find('|');
    if (text == trimmed(alternatives.substr(0, bar))) return true;
    if (bar == std::string_view::npos) return false;
    alternatives.remove_prefix(bar + 1);
  }
}

/// Position of the operator outside brackets, or npos.
std::size_t find_operator(std::string_view text) {
  bool inside = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '[') inside = true;
    if (text[at] == ']') inside = false;
    if (!inside && (text[at] == '=' || text[at] == '!' || text[at] == '>' || text[at] == '<')) return at;
  }
  return std::string_view::npos;
}

}  // namespace

sdk::Result<Condition> parse_condition(std::string_view text) {
  Condition condition;
  const std::size_t at = find_operator(text);
  condition.path = std::string(trimmed(text.substr(0, at)));
  PATCHBAY_TRY(check_path(condition.path, false));
  if (at == std::string_view::npos) return condition;
  std::size_t width = 1;
  switch (text[at]) {
    case '=':
      condition.test = Condition::Test::kEqual;
      break;
    case '>':
      condition.test = Condition::Test::kGreater;
      break;
    case '<':
      condition.test = Condition::Test::kLess;
      break;
    default:
      if (text.substr(at, 2) != "!=")
        return sdk::invalid_error("mapping.condition", "A condition compares with =, !=, > or <.");
      condition.test = Condition::Test::kDifferent;
      width = 2;
  }
  condition.operand = std::string(trimmed(text.substr(at + width)));
  const bool numeric = condition.test == Condition::Test::kGreater || condition.test == Condition::Test::kLess;
  if (condition.operand.empty() || (numeric && !number(condition.operand))) {
    return sdk::invalid_error("mapping.condition", "A condition needs " + std::string(numeric ? "a number" : "a text") +
                                                       " after its operator.");
  }
  return condition;
}

bool Condition::holds(const sdk::json::value& record) const {
  const sdk::json::value* found = sdk::find_path(record, path);
  if (test == Test::kPresent) return has_content(found);
  const auto text = found == nullptr ? std::nullopt : sdk::scalar_text(*found);
  if (test == Test::kEqual) return text && is_one_of(*text, operand);
  if (test == Test::kDifferent) return !text || !is_one_of(*text, operand);
  const auto left = text ? number(*text) : std::nullopt;
  if (!left) return false;
  const double right = *number(operand);
  return test == Test::kGreater ? *left > right : *left < right;
}

}  // namespace patchbay::mapping
