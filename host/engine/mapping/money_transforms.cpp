#include "engine/mapping/transforms.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace patchbay::mapping {
namespace {

/// Digits before the point that numeric(19,4) holds.
constexpr std::size_t kWholeDigitsMax = 15;
/// Runs of 0 or 9 this long behind the last place can only be what binary floating point left behind.
constexpr std::size_t kNoiseDigitsMin = 6;

sdk::Error money_error(std::string reason) {
  return sdk::invalid_error("mapping.money", std::move(reason));
}

struct Decimal {
  bool negative = false;
  std::string whole;  // without leading zeros, at least "0"
  std::string fraction;
};

std::string to_text(const Decimal& decimal) {
  const bool zero = decimal.whole == "0" && decimal.fraction.find_first_not_of('0') == std::string::npos;
  std::string text = decimal.negative && !zero ? "-" : "";
  text += decimal.whole;
  if (!decimal.fraction.empty()) text += "." + decimal.fraction;
  return text;
}

sdk::Result<Decimal> parse_decimal(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    decimal.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  const auto digits = [](std::string_view part) {
    return part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (whole.empty() || !digits(whole) || !digits(fraction) || (point != std::string_view::npos && fraction.empty())) {
    return money_error("the amount is not a plain decimal number");
  }
  const auto first = whole.find_first_not_of('0');
  decimal.whole = first == std::string_view::npos ? "0" : std::string(whole.substr(first));
  decimal.fraction = std::string(fraction);
  return decimal;
}

void add_one_unit(Decimal& decimal) {
  for (std::string* part : {&decimal.fraction, &decimal.whole}) {
    for (std::size_t at = part->size(); at-- > 0;) {
      if ((*part)[at] != '9') {
        ++(*part)[at];
        return;
      }
      (*part)[at] = '0';
    }
  }
  decimal.whole.insert(0, 1, '1');
}

/// Brings the fraction to exactly `places` digits, or says that this would change the amount.
sdk::Result<void> settle(Decimal& decimal, std::size_t places) {
  if (decimal.fraction.size() <= places) {
    decimal.fraction.append(places - decimal.fraction.size(), '0');
    return {};
  }
  const std::string surplus = decimal.fraction.substr(places);
  decimal.fraction.resize(places);
  if (surplus.find_first_not_of('0') == std::string::npos) return {};
  const std::string_view start = std::string_view(surplus).substr(0, kNoiseDigitsMin);
  if (start.size() == kNoiseDigitsMin && start.find_first_not_of('0') == std::string_view::npos) return {};
  if (start.size() == kNoiseDigitsMin && start.find_first_not_of('9') == std::string_view::npos) {
    add_one_unit(decimal);
    return {};
  }
  return money_error("the amount has more decimal places than its currency");
}

/// The shortest decimal text that stands for the double: exactly what the service wrote, up to 15 digits.
std::string decimal_text(double value) {
  std::array<char, 512> buffer;
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
  return code == std::errc() ? std::string(buffer.data(), end) : std::string();
}

}  // namespace

sdk::Result<std::string> money_from_minor(const sdk::json::value& source, int places, bool negate) {
  if (source.is_string() || source.is_uint64()) return money_error("the amount is not an integer that 64 bits hold");
  std::int64_t minor = 0;
  if (const auto* number = source.if_int64()) {
    minor = *number;
  } else {
    return money_error("the amount is not a whole number of the smallest unit");
  }
  Decimal decimal;
  decimal.negative = (minor < 0) != negate;
  // The magnitude of INT64_MIN has no int64; unsigned arithmetic is exact for it.
  std::string digits =
      std::to_string(minor < 0 ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor));
  const auto count = static_cast<std::size_t>(places);
  if (digits.size() <= count) digits.insert(0, count + 1 - digits.size(), '0');
  decimal.whole = digits.substr(0, digits.size() - count);
  decimal.fraction = digits.substr(digits.size() - count);
  if (decimal.whole.size() > kWholeDigitsMax) return money_error("the amount is too large");
  return to_text(decimal);
}

sdk::Result<std::string> money_from_major(const sdk::json::value& source, int places, bool negate) {
  std::string text;
  if (const auto* real = source.if_double()) {
    text = decimal_text(*real);
  } else if (source.is_int64() || source.is_uint64() || source.is_string()) {
    text = *sdk::scalar_text(source);
  } else {
    return money_error("the amount is not a number");
  }
  PATCHBAY_ASSIGN(Decimal decimal, parse_decimal(text));
  PATCHBAY_TRY(settle(decimal, static_cast<std::size_t>(places)));
  if (decimal.whole.size() > kWholeDigitsMax) return money_error("the amount is too large");
  if (negate) decimal.negative = !decimal.negative;
  return to_text(decimal);
}

}  // namespace patchbay::mapping
