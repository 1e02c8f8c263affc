#include "platform/base/phone_number.hpp"

#include "platform/base/phone_regions.hpp"

#include <gtest/gtest.h>

namespace patchbay::base {
namespace {

std::string normalized(std::string_view text, std::string_view region) {
  return normalize_phone(text, region).value_or("none");
}

struct PhoneCase {
  const char* text;
  const char* region;
  const char* expected;
};

// Numbers out of ranges that regulators reserve for fiction, documentation or public services.
TEST(NormalizePhone, ReadsNationalForms) {
  for (const auto& [text, region, expected] : {PhoneCase{"(810) 555-0100", "US", "+18105550100"},
                                               {"1-810-555-0100", "US", "+18105550100"},
                                               {"810.555.0100", "CA", "+18105550100"},
                                               {"+1 810 555 0100", "DE", "+18105550100"},
                                               {"020 7946 0000", "GB", "+442079460000"},
                                               {"07700 900123", "GB", "+447700900123"},
                                               {"030 23125 000", "DE", "+493023125000"},
                                               {"0171/39200-00", "DE", "+491713920000"},
                                               {"01 99 00 12 34", "FR", "+33199001234"},
                                               {"(02) 5550 1234", "AU", "+61255501234"},
                                               {"0491 570 156", "AU", "+61491570156"},
                                               {"09 555 0123", "NZ", "+6495550123"},
                                               {"020 918 1234", "IE", "+353209181234"},
                                               {"55 5000 1234", "MX", "+525550001234"},
                                               {"01 55 5000 1234", "MX", "+525550001234"},
                                               {"044 55 5000 1234", "MX", "+525550001234"},
                                               {"098765 43210", "IN", "+919876543210"},
                                               {"(11) 91234-5678", "BR", "+5511912345678"},
                                               {"0 15 11 91234-5678", "BR", "+5511912345678"},
                                               {"011 3123 4567", "BR", "+551131234567"},
                                               {"912 345 678", "ES", "+34912345678"},
                                               {"06 6982 1234", "IT", "+390669821234"},
                                               {"347 123 4567", "IT", "+393471234567"},
                                               {"020 123 4567", "NL", "+31201234567"},
                                               {"044 668 18 00", "CH", "+41446681800"},
                                               {"01 58058-0", "AT", "+431580580"},
                                               {"070-1740605", "SE", "+46701740605"},
                                               {"21 55 01 23", "NO", "+4721550123"},
                                               {"06 1 234 5678", "HU", "+3612345678"},
                                               {"8 (495) 123-45-67", "RU", "+74951234567"},
                                               {"800 555 35 35", "RU", "+78005553535"},
                                               {"03-1234-5678", "JP", "+81312345678"},
                                               {"021 123 4567", "ZA", "+27211234567"}}) {
    EXPECT_EQ(normalized(text, region), expected) << text << " in " << region;
  }
}

TEST(NormalizePhone, ReadsInternationalFormsFromAnywhere) {
  for (const auto& [text, region, expected] : {PhoneCase{"+44 20 7946 0000", "US", "+442079460000"},
                                               {"+44 (0)20 7946 0000", "US", "+442079460000"},
                                               {"+44 020 7946 0000", "US", "+442079460000"},
                                               {"0044 20 7946 0000", "DE", "+442079460000"},
                                               {"011 44 20 7946 0000", "US", "+442079460000"},
                                               {"0011 44 20 7946 0000", "AU", "+442079460000"},
                                               {"44 20 7946 0000", "GB", "+442079460000"},
                                               {"+52 1 55 5000 1234", "US", "+525550001234"},
                                               {"+39 06 6982 1234", "US", "+390669821234"},
                                               {"tel:+1-810-555-0100", "", "+18105550100"},
                                               {"+800 1234 5678", "US", "+80012345678"},
                                               {"+18105550100", "", "+18105550100"}}) {
    EXPECT_EQ(normalized(text, region), expected) << text << " in " << region;
  }
}

TEST(NormalizePhone, DropsExtensions) {
  for (const std::string_view text : {"810-555-0100 x12", "810-555-0100 ext. 12", "(810) 555-0100 #12",
                                      "+18105550100;ext=12", "810 555 0100, 12", "810 555 0100 Extension 12"}) {
    EXPECT_EQ(normalized(text, "US"), "+18105550100") << text;
  }
}

TEST(NormalizePhone, IsStable) {
  for (const auto& [text, region] :
       {std::pair{"020 7946 0000", "GB"}, {"8 (495) 123-45-67", "RU"}, {"06 6982 1234", "IT"}}) {
    const std::string once = normalized(text, region);
    EXPECT_EQ(normalized(once, "US"), once);
  }
}

TEST(NormalizePhone, RefusesWhatCannotBeANumber) {
  for (const auto& [text, region, unused] : {PhoneCase{"", "US", ""},
                                             {"12345", "US", ""},
                                             {"555-0100", "US", ""},
                                             {"110 555 0100", "US", ""},
                                             {"810 155 0100", "US", ""},
                                             {"1-800-FLOWERS", "US", ""},
                                             {"call me", "US", ""},
                                             {"+999 123 456 789", "US", ""},
                                             {"+1 810 555 01000", "US", ""},
                                             {"020 7946", "GB", ""},
                                             {"020 7946 0000", "", ""},
                                             {"020 7946 0000", "ZZ", ""},
                                             {"1234567890123456789", "DE", ""},
                                             {"81+05550100", "US", ""},
                                             {"+", "US", ""},
                                             {"00", "DE", ""}}) {
    EXPECT_EQ(normalized(text, region), "none") << text << " in " << region;
  }
  EXPECT_EQ(normalized(std::string(10'000, '8'), "US"), "none");
}

TEST(PhoneRegions, AgreeWithThemselves) {
  for (const std::string_view code : {"1", "7", "20", "212", "264", "44", "590", "599", "61", "998"}) {
    const PhoneRegion* region = find_phone_region_by_digits(std::string(code) + "0000");
    ASSERT_NE(region, nullptr) << code;
    EXPECT_EQ(region->calling_code, code);
  }
  EXPECT_EQ(find_phone_region_by_digits("44")->country, "GB") << "the main country of a shared code";
  EXPECT_EQ(find_phone_region_by_digits("210"), nullptr);
  EXPECT_EQ(find_phone_region("XX"), nullptr);
}

}  // namespace
}  // namespace patchbay::base
