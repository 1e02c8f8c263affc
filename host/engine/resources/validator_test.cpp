#include "engine/resources/validator.hpp"

#include "engine/resources/cursor.hpp"
#include "engine/resources/field_builder.hpp"
#include "engine/resources/field_value.hpp"

#include <gtest/gtest.h>

namespace patchbay::resources {
namespace {

namespace json = sdk::json;

ResourceDescription sample() {
  ResourceDescription sample;
  sample.title = "Sample";
  sample.fields = {text("name").required().at_most(5).sortable(),
                   field(FieldType::kEmail, "email").also_called("contactEmail"),
                   field(FieldType::kPhone, "phone").normalized_into("phoneE164"),
                   text("phoneE164").read_only(),
                   choice("color", {"red", "green"}).defaults_to("red").filterable(),
                   field(FieldType::kInteger, "size").filterable(),
                   field(FieldType::kBoolean, "open"),
                   field(FieldType::kTime, "at").sortable().filterable(),
                   field(FieldType::kMoney, "price"),
                   text("currency").at_most(3).defaults_to("USD"),
                   field(FieldType::kUuid, "boatId"),
                   field(FieldType::kTextList, "tags").not_null(),
                   field(FieldType::kObject, "address").address(),
                   field(FieldType::kObject, "extra")};
  return sample;
}

class ValidatorTest : public ::testing::Test {
 protected:
  /// Field and code of every mistake.
  std::map<std::string, std::string> mistakes(const json::object& body, bool creating = false) {
    std::vector<sdk::Error> errors;
    ValidationRules rules;
    rules.creating = creating;
    validated_ = validate(sample_, body, rules, errors);
    std::map<std::string, std::string> codes;
    for (const sdk::Error& error : errors) codes[error.field.value_or("")] = error.code;
    return codes;
  }
  std::string value(std::string_view name) {
    const sql::ColumnValue* found = validated_.find(name);
    return found == nullptr ? "absent" : found->text.value_or("null");
  }
  using Codes = std::map<std::string, std::string>;
  const ResourceDescription sample_ = sample();
  ValidatedBody validated_;
};

TEST_F(ValidatorTest, GoodBodyBecomesSqlText) {
  EXPECT_EQ(mistakes({{"name", "äöü€x"},
                      {"contactEmail", "a@b.co"},
                      {"phone", "810 555 0100"},
                      {"size", 7},
                      {"open", true},
                      {"at", "2026-01-02T03:04:05+02:00"},
                      {"price", "1.5"},
                      {"tags", json::array{"a", "b", "a"}},
                      {"extra", json::object()}},
                     true),
            Codes());
  EXPECT_EQ(value("email"), "a@b.co");
  EXPECT_EQ(value("phoneE164"), "+18105550100");
  EXPECT_EQ(value("color"), "red");
  EXPECT_EQ(value("at"), "2026-01-02T01:04:05.000Z");
  EXPECT_EQ(value("price"), "1.50");
  EXPECT_EQ(value("tags"), storage::array_literal(std::vector<std::string>{"a", "b"}));
}

TEST_F(ValidatorTest, EveryKindOfMistakeHasItsCode) {
  EXPECT_EQ(mistakes({{"name", "abcdef"},
                      {"email", "a@b"},
                      {"color", "blue"},
                      {"size", 1.5},
                      {"open", "yes"},
                      {"at", "soon"},
                      {"price", 1.5},
                      {"boatId", "7"},
                      {"tags", json::array{1}},
                      {"address", {{"line9", "x"}}},
                      {"extra", json::array()},
                      {"colour", "red"},
                      {"phoneE164", "+1"},
                      {"id", "x"}}),
            (Codes{{"name", "text.too_long"},
                   {"email", "email.malformed"},
                   {"color", "enum.unknown"},
                   {"size", "type.integer"},
                   {"open", "type.boolean"},
                   {"at", "time.malformed"},
                   {"price", "money.float"},
                   {"boatId", "uuid.malformed"},
                   {"tags", "type.text"},
                   {"address", "address.unknown_member"},
                   {"extra", "type.object"},
                   {"colour", "unknown_field"},
                   {"phoneE164", "read_only"},
                   {"id", "read_only"}}));
}

TEST_F(ValidatorTest, RequiredOnCreateOnlyAndNullClears) {
  EXPECT_EQ(mistakes({}, true), (Codes{{"name", "required"}}));
  EXPECT_EQ(mistakes({}), Codes());
  EXPECT_EQ(mistakes({{"name", "  "}}), (Codes{{"name", "required"}}));
  EXPECT_EQ(mistakes({{"name", nullptr}}), (Codes{{"name", "required"}}));
  EXPECT_EQ(mistakes({{"phone", nullptr}, {"tags", nullptr}, {"color", nullptr}}), Codes());
  EXPECT_EQ(value("phone"), "null");
  EXPECT_EQ(value("phoneE164"), "null");
  EXPECT_EQ(value("tags"), "{}");
  EXPECT_EQ(value("color"), "red");
}

TEST_F(ValidatorTest, MoneyIsReadInTheBodysCurrency) {
  EXPECT_EQ(mistakes({{"price", "500"}, {"currency", "JPY"}}), Codes());
  EXPECT_EQ(value("price"), "500");
  EXPECT_EQ(mistakes({{"price", "5.5"}, {"currency", "JPY"}}), (Codes{{"price", "money.malformed"}}));
  EXPECT_EQ(mistakes({{"price", 12}}), Codes());
  EXPECT_EQ(value("price"), "12.00");
  EXPECT_EQ(mistakes({{"price", "99999999999999999"}}), (Codes{{"price", "money.malformed"}}));
  EXPECT_EQ(mistakes({{"currency", "usd"}}), (Codes{{"currency", "currency.malformed"}}));
}

TEST_F(ValidatorTest, BothNamesOfAFieldAtOnceAreAMistake) {
  EXPECT_EQ(mistakes({{"email", "a@b.co"}, {"contactEmail", "c@d.co"}}), (Codes{{"contactEmail", "duplicate_field"}}));
}

TEST(FieldValue, Emails) {
  for (const char* good : {"a@b.co", "first.last+tag@sub.example.org", "ü@example.com"})
    EXPECT_TRUE(is_email(good)) << good;
  for (const char* bad :
       {"", "a", "@b.co", "a@", "a@b", "a b@c.de", "a@b..co", "a@.co", "a@b.", "a@b@c.de", "<a@b.co>"}) {
    EXPECT_FALSE(is_email(bad)) << bad;
  }
}

TEST(Cursor, RoundTripsAndRefusesEverythingElse) {
  const ResourceDescription description = sample();
  std::vector<sdk::Error> errors;
  ListQuery query = *parse_list_query(description, {{"sort", "-at,name"}}, "US", errors);
  const std::string id = "11111111-1111-4111-8111-111111111111";
  const storage::Params values = {"2026-11-21 03:35:38.123456+00", std::nullopt, id};
  const auto parsed = parse_cursor(query, make_cursor("-at,name", values));
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, values);
  for (const storage::Params& hostile : std::vector<storage::Params>{{"2026-11-21 03:35:38+00", "x", "no id"},
                                                                     {"not a time", "x", id},
                                                                     {"2026-11-21", id},
                                                                     {std::nullopt, "x", std::nullopt}}) {
    EXPECT_FALSE(parse_cursor(query, make_cursor("-at,name", hostile)).ok());
  }
  EXPECT_FALSE(parse_cursor(query, make_cursor("at,name", values)).ok());
  for (const char* text : {"", "x", "W10", "bnVsbA", "////"}) EXPECT_FALSE(parse_cursor(query, text).ok()) << text;
}

TEST(ListQuery, MistakesAreToldTogetherWithTheNearestName) {
  const ResourceDescription description = sample();
  std::vector<sdk::Error> errors;
  EXPECT_FALSE(parse_list_query(description,
                                {{"page", "0"},
                                 {"pageSize", "201"},
                                 {"colr", "red"},
                                 {"size[gte]", "x"},
                                 {"color[gt]", "red"},
                                 {"color[like]", "r"},
                                 {"count", "all"},
                                 {"sort", "-nam"},
                                 {"search", "abc"},
                                 {"name", "x"}},
                                "US", errors));
  ASSERT_EQ(errors.size(), 10U);
  EXPECT_NE(errors[2].message.find("'color'"), std::string::npos) << errors[2].message;
  EXPECT_NE(errors[7].message.find("'name'"), std::string::npos) << errors[7].message;
}

TEST(ListQuery, BoundsAreKept) {
  const ResourceDescription description = sample();
  std::vector<sdk::Error> errors;
  std::string many = "1";
  for (int i = 0; i < 150; ++i) many += ",1";
  EXPECT_FALSE(parse_list_query(description, {{"size", many}}, "US", errors));
  errors.clear();
  std::vector<std::pair<std::string, std::string>> filters(25, {"size", "1"});
  EXPECT_FALSE(parse_list_query(description, filters, "US", errors));
  errors.clear();
  EXPECT_FALSE(parse_list_query(description, {{"sort", "at,name,at,name,at"}}, "US", errors));
}

}  // namespace
}  // namespace patchbay::resources
