#include <patchbay/sdk/money.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace patchbay::sdk {
namespace {

// ISO 4217 minor units other than 2 (list one, active codes; funds codes with four places included).
constexpr std::array<std::string_view, 17> kWithoutPlaces{"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "XPF",
                                                          "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"};
constexpr std::array<std::string_view, 7> kWithThreePlaces{"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
constexpr std::array<std::string_view, 2> kWithFourPlaces{"CLF", "UYW"};

template <typename List>
bool contains(const List& list, std::string_view currency) {
  return std::find(list.begin(), list.end(), currency) != list.end();
}

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

bool is_currency(std::string_view currency) {
  return currency.size() == 3 &&
         std::all_of(currency.begin(), currency.end(), [](char letter) { return letter >= 'A' && letter <= 'Z'; });
}

struct Decimal {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
};

bool split_decimal(std::string_view text, Decimal& decimal) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    decimal.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const auto point = text.find('.');
  decimal.whole = text.substr(0, point);
  decimal.fraction = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (decimal.whole.empty() || (point != std::string_view::npos && decimal.fraction.empty())) return false;
  return std::all_of(decimal.whole.begin(), decimal.whole.end(), is_digit) &&
         std::all_of(decimal.fraction.begin(), decimal.fraction.end(), is_digit);
}

/// Appends one digit to a magnitude that is kept negative, because int64 has one more value on that side.
bool append_digit(std::int64_t& negated, char digit) {
  std::int64_t times_ten = 0;
  return !__builtin_mul_overflow(negated, std::int64_t{10}, &times_ten) &&
         !__builtin_sub_overflow(times_ten, static_cast<std::int64_t>(digit - '0'), &negated);
}

Error money_error(std::string message) {
  return invalid_error("money.invalid", std::move(message));
}

}  // namespace

int currency_exponent(std::string_view currency) {
  if (contains(kWithoutPlaces, currency)) return 0;
  if (contains(kWithThreePlaces, currency)) return 3;
  if (contains(kWithFourPlaces, currency)) return 4;
  return 2;
}

Result<Money> parse_money(std::string_view decimal_text, std::string_view currency) {
  if (!is_currency(currency)) return money_error("A currency is three upper-case letters (ISO 4217).");
  Decimal decimal;
  if (decimal_text.size() > 64 || !split_decimal(decimal_text, decimal)) {
    return money_error("An amount is a plain decimal number such as 120.50.");
  }
  const auto places = static_cast<std::size_t>(currency_exponent(currency));
  if (decimal.fraction.find_first_not_of('0', places) != std::string_view::npos) {
    return money_error("The amount has more decimal places than " + std::string(currency) + " has.");
  }
  std::int64_t negated = 0;
  bool fits = true;
  for (const char digit : decimal.whole) fits = fits && append_digit(negated, digit);
  for (std::size_t place = 0; place < places; ++place) {
    fits = fits && append_digit(negated, place < decimal.fraction.size() ? decimal.fraction[place] : '0');
  }
  if (!fits || (!decimal.negative && negated == std::numeric_limits<std::int64_t>::min())) {
    return money_error("The amount is too large.");
  }
  return Money{decimal.negative ? negated : -negated, std::string(currency)};
}

std::string format_money(const Money& money) {
  const auto places = static_cast<std::size_t>(currency_exponent(money.currency));
  const bool negative = money.minor < 0;
  const auto magnitude =
      negative ? std::uint64_t{0} - static_cast<std::uint64_t>(money.minor) : static_cast<std::uint64_t>(money.minor);
  std::string digits = std::to_string(magnitude);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (places > 0) digits.insert(digits.size() - places, 1, '.');
  return negative ? "-" + digits : digits;
}

}  // namespace patchbay::sdk
