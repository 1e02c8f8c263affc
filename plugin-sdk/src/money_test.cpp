#include <patchbay/sdk/money.hpp>

#include <gtest/gtest.h>

namespace patchbay::sdk {
namespace {

std::string round_trip(std::string_view text, std::string_view currency) {
  const auto money = parse_money(text, currency);
  return money.ok() ? format_money(*money) : money.error().code;
}

TEST(Money, ReadsAndWritesTheCurrencysPlaces) {
  EXPECT_EQ(round_trip("120.5", "USD"), "120.50");
  EXPECT_EQ(round_trip("-3", "EUR"), "-3.00");
  EXPECT_EQ(round_trip("+0.07", "EUR"), "0.07");
  EXPECT_EQ(round_trip("-0.07", "EUR"), "-0.07");
  EXPECT_EQ(round_trip("500", "JPY"), "500");
  EXPECT_EQ(round_trip("500.00", "JPY"), "500");
  EXPECT_EQ(round_trip("1.234", "KWD"), "1.234");
  EXPECT_EQ(round_trip("12.340000", "USD"), "12.34");
  EXPECT_EQ(parse_money("120.5", "USD").value(), (Money{12050, "USD"}));
}

TEST(Money, ReachesBothEndsOf64Bits) {
  EXPECT_EQ(round_trip("92233720368547758.07", "USD"), "92233720368547758.07");
  EXPECT_EQ(round_trip("-92233720368547758.08", "USD"), "-92233720368547758.08");
  EXPECT_EQ(round_trip("92233720368547758.08", "USD"), "money.invalid");
  EXPECT_EQ(round_trip("-92233720368547758.09", "USD"), "money.invalid");
  EXPECT_EQ(round_trip("9223372036854775807", "JPY"), "9223372036854775807");
}

TEST(Money, RefusesWhatIsNotAPlainDecimalOfTheCurrency) {
  for (const std::string_view text :
       {"", "-", ".5", "5.", "1e2", "1,000", " 1", "0x1", "1.2.3", "12.345", "nan", "--1"}) {
    EXPECT_EQ(round_trip(text, "USD"), "money.invalid") << text;
  }
  EXPECT_EQ(round_trip("0.5", "JPY"), "money.invalid");
  EXPECT_EQ(round_trip("1", "usd"), "money.invalid");
  EXPECT_EQ(round_trip("1", ""), "money.invalid");
}

}  // namespace
}  // namespace patchbay::sdk
