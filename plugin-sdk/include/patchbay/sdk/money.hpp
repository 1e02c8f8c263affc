// Exact money: an integer of the currency's smallest unit. Never a float.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::sdk {

/// An amount of money. `minor` counts the smallest unit of `currency` (ISO 4217, upper case, three letters).
struct Money {
  std::int64_t minor = 0;
  std::string currency;
  bool operator==(const Money&) const = default;
};

/// Decimal places of a currency by ISO 4217: 0 (JPY), 3 (KWD), otherwise 2.
int currency_exponent(std::string_view currency);

/// Reads a decimal text ("120.5", "-3", "1e2" is refused) as an amount of `currency`. Error kInvalid on anything that is not a
/// plain decimal, has more places than the currency (unless zero), or does not fit 64 bits.
Result<Money> parse_money(std::string_view decimal, std::string_view currency);

/// The decimal text with exactly the currency's places: "120.50", "-3.00", "500" (JPY).
std::string format_money(const Money& money);

}  // namespace patchbay::sdk
