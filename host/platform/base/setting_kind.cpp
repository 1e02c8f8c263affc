#include "platform/base/setting_kind.hpp"

#include "platform/base/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace patchbay::base {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"string", "boolean", "integer", "duration", "bytes", "list"};

sdk::Error wrong(std::string message) {
  return sdk::invalid_error("config.value", std::move(message));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

struct Unit {
  std::string_view name;
  long long factor;
};

constexpr std::array<Unit, 6> kDurationUnits{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}}};
constexpr std::array<Unit, 7> kByteUnits{{{"B", 1},
                                          {"kB", 1'000},
                                          {"KiB", 1'024},
                                          {"MB", 1'000'000},
                                          {"MiB", 1'048'576},
                                          {"GB", 1'000'000'000},
                                          {"GiB", 1'073'741'824}}};

/// Reads one number and its unit from the front of `text`; false where either is missing or too large.
template <std::size_t kCount>
bool take_quantity(std::string_view& text, const std::array<Unit, kCount>& units, long long bare_factor,
                   long long& sum) {
  long long count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  if (read.ec != std::errc() || count < 0) return false;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  const std::string_view name = text.substr(0, text.find_first_of("0123456789"));
  long long factor = name.empty() ? bare_factor : 0;
  for (const Unit& unit : units) {
    if (unit.name == name) factor = unit.factor;
  }
  text.remove_prefix(name.size());
  long long product = 0;
  return factor != 0 && !__builtin_mul_overflow(count, factor, &product) && !__builtin_add_overflow(sum, product, &sum);
}

}  // namespace

sdk::Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  long long sum = 0;
  std::string_view rest = text;
  bool valid = !rest.empty();
  bool first = true;
  while (valid && !rest.empty()) {
    // Only the whole text may be a bare number: "1h30" says nothing.
    valid = take_quantity(rest, kDurationUnits, first && rest.find_first_not_of("0123456789") == rest.npos ? 1'000 : 0,
                          sum);
    first = false;
  }
  if (!valid) return wrong("a duration such as 400ms, 15m or 1h30m is expected");
  return std::chrono::milliseconds(sum);
}

sdk::Result<std::uint64_t> parse_bytes(std::string_view text) {
  long long sum = 0;
  std::string_view rest = text;
  if (text.empty() || !take_quantity(rest, kByteUnits, 1, sum) || !rest.empty()) {
    return wrong("a size such as 512KiB or 10MiB is expected");
  }
  return static_cast<std::uint64_t>(sum);
}

sdk::Result<SettingKind> SettingKind::parse(std::string_view comment) {
  SettingKind kind;
  const auto blank = comment.find(' ');
  kind.name_ = std::string(comment.substr(0, blank));
  if (std::find(kKinds.begin(), kKinds.end(), kind.name_) == kKinds.end()) {
    return wrong("'" + kind.name_ + "' is not a kind of setting");
  }
  if (blank == std::string_view::npos) return kind;
  std::string_view bounds = comment.substr(blank + 1);
  if (const auto dots = bounds.find(".."); dots != std::string_view::npos) {
    kind.least_ = std::string(bounds.substr(0, dots));
    kind.most_ = std::string(bounds.substr(dots + 2));
    return kind;
  }
  while (!bounds.empty()) {
    const auto bar = std::min(bounds.find('|'), bounds.size());
    kind.words_.emplace_back(bounds.substr(0, bar));
    bounds.remove_prefix(std::min(bar + 1, bounds.size()));
  }
  return kind;
}

sdk::Result<void> SettingKind::check(std::string_view text) const {
  if (name_ == "boolean") {
    if (text == "true" || text == "false") return {};
    return wrong("true or false is expected");
  }
  if (name_ == "string" || name_ == "list") return check_words(text);
  return check_range(text);
}

sdk::Result<void> SettingKind::check_words(std::string_view text) const {
  const bool known = words_.empty() || text.empty() || std::find(words_.begin(), words_.end(), text) != words_.end();
  if (!known) return wrong("one of " + joined(words_) + " is expected");
  return {};
}

sdk::Result<void> SettingKind::check_range(std::string_view text) const {
  PATCHBAY_ASSIGN(const long long value, measure(text));
  if (least_.empty() && most_.empty()) return {};
  const long long least = measure(least_).value_or(std::numeric_limits<long long>::min());
  const long long most = measure(most_).value_or(std::numeric_limits<long long>::max());
  if (value >= least && value <= most) return {};
  if (most_.empty()) return wrong("a value of at least " + least_ + " is expected");
  return wrong("a value from " + least_ + " to " + most_ + " is expected");
}

sdk::Result<long long> SettingKind::measure(std::string_view text) const {
  if (name_ == "duration") {
    PATCHBAY_ASSIGN(const auto duration, parse_duration(text));
    return static_cast<long long>(duration.count());
  }
  if (name_ == "bytes") {
    PATCHBAY_ASSIGN(const auto bytes, parse_bytes(text));
    return static_cast<long long>(bytes);
  }
  long long number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return wrong("a whole number is expected");
  return number;
}

}  // namespace patchbay::base
