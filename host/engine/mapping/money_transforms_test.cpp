#include "engine/mapping/transforms.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace patchbay::mapping {
namespace {

std::string minor(const sdk::json::value& value, int places, bool negate = false) {
  const auto result = money_from_minor(value, places, negate);
  return result.ok() ? result.value() : "error";
}

std::string major(std::string_view json, int places, bool negate = false) {
  const auto value = sdk::parse_json(json);
  if (!value.ok()) return "not JSON";
  const auto result = money_from_major(value.value(), places, negate);
  return result.ok() ? result.value() : "error";
}

TEST(MoneyFromMinor, PutsThePointWhereTheCurrencyHasIt) {
  EXPECT_EQ(minor(12050, 2), "120.50");
  EXPECT_EQ(minor(5, 2), "0.05");
  EXPECT_EQ(minor(500, 0), "500");
  EXPECT_EQ(minor(1234, 3), "1.234");
  EXPECT_EQ(minor(-1, 2), "-0.01");
  EXPECT_EQ(minor(0, 2), "0.00");
}

TEST(MoneyFromMinor, RefundsAreNegativeAndZeroHasNoSign) {
  EXPECT_EQ(minor(700, 2, true), "-7.00");
  EXPECT_EQ(minor(-700, 2, true), "7.00");
  EXPECT_EQ(minor(0, 2, true), "0.00");
}

TEST(MoneyFromMinor, RefusesWhatIsNoExactInteger) {
  EXPECT_EQ(minor("9223372036854775808", 2), "error");
  EXPECT_EQ(minor(std::numeric_limits<std::uint64_t>::max(), 2), "error");
  EXPECT_EQ(minor(10.5, 2), "error");
  EXPECT_EQ(minor(sdk::json::array{}, 2), "error");
  EXPECT_EQ(minor(std::numeric_limits<std::int64_t>::min(), 2), "error") << "more digits than the column holds";
}

TEST(MoneyFromMajor, KeepsEveryDigitOfTheDecimal) {
  EXPECT_EQ(major("120.5", 2), "120.50");
  EXPECT_EQ(major("0.1", 2), "0.10");
  EXPECT_EQ(major("1234567890123.45", 2), "1234567890123.45");
  EXPECT_EQ(major("3", 2), "3.00");
  EXPECT_EQ(major("\"19.99\"", 2), "19.99");
  EXPECT_EQ(major("-0.00", 2), "0.00");
}

TEST(MoneyFromMajor, RoundsOnlyWhatFloatingPointLeftBehind) {
  EXPECT_EQ(major("0.30000000000000004", 2), "0.30");
  EXPECT_EQ(major("1075.2999999999999", 2), "1075.30");
  EXPECT_EQ(major("9.9999999999999", 2), "10.00");
  EXPECT_EQ(major("1.005", 2), "error") << "half a cent is an amount, not noise";
  EXPECT_EQ(major("33.333", 2), "error");
}

TEST(MoneyFromMajor, RefusesOtherThings) {
  EXPECT_EQ(major("\"1e5\"", 2), "error");
  EXPECT_EQ(major("\"12,50\"", 2), "error");
  EXPECT_EQ(major("\"\"", 2), "error");
  EXPECT_EQ(major("true", 2), "error");
  EXPECT_EQ(major("1e300", 2), "error");
  EXPECT_EQ(major("\"1234567890123456\"", 2), "error");
}

}  // namespace
}  // namespace patchbay::mapping
