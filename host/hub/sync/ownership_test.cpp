#include "hub/sync/ownership.hpp"

#include <gtest/gtest.h>

namespace patchbay::sync {
namespace {

using resources::Field;
using resources::FieldType;

Field make_field(std::string name, FieldType type) {
  Field field;
  field.name = field.column = std::move(name);
  field.type = type;
  return field;
}

mapping::FieldRule make_rule(std::string field, int rank) {
  mapping::FieldRule rule;
  rule.field = std::move(field);
  rule.rank = rank;
  return rule;
}

/// A record of connection "b-mine" whose fields have rank 10, against an entity of others.
class OwnershipTest : public ::testing::Test {
 protected:
  OwnershipTest() : owners_(mappings_, {}) {
    description_.kind = "client";
    description_.fields = {make_field("name", FieldType::kText), make_field("total", FieldType::kMoney),
                           make_field("status", FieldType::kEnum), make_field("phone", FieldType::kPhone),
                           make_field("phoneE164", FieldType::kText)};
    description_.fields[3].normalized_field = "phoneE164";
    rules_.entity_kind = "client";
    for (const char* name : {"name", "total", "status", "phone"}) rules_.fields.push_back(make_rule(name, 10));
    rules_.fields[2].keeps["open"] = {"overdue"};
  }

  resources::BulkRow merge(EntityRow& entity, const sdk::json::object& values,
                           const std::set<std::string, std::less<>>& pending = {}) const {
    resources::BulkRow row;
    merge_into({&description_, &rules_, &owners_, "b-mine"}, values, pending, entity, row);
    return row;
  }

  mapping::MappingCatalog mappings_;
  Owners owners_;
  resources::ResourceDescription description_;
  mapping::ResourceMapping rules_;
};

TEST_F(OwnershipTest, TheOwnerChangesAndClearsItsField) {
  EntityRow entity{"id", false, {{"name", "b-mine"}}, {{"name", "old"}}};
  EXPECT_EQ(merge(entity, {{"name", "new"}}).changed_fields, std::vector<std::string>{"name"});
  EXPECT_EQ(entity.values.at("name"), "new") << "a second record of the page sees the first";
  EXPECT_TRUE(merge(entity, {{"name", nullptr}}).values.at("name").is_null());
}

TEST_F(OwnershipTest, EqualValuesAreNoChange) {
  EntityRow entity{"id", false, {{"name", "b-mine"}, {"total", "b-mine"}}, {{"name", "same"}, {"total", "120.5000"}}};
  EXPECT_TRUE(merge(entity, {{"name", "same"}, {"total", "120.50"}}).values.empty());
}

TEST_F(OwnershipTest, AnEmptyFieldIsFilledAndNobodyElsesIsCleared) {
  EntityRow entity{"id", false, {{"name", "a-other"}}, {{"name", "theirs"}, {"total", std::nullopt}}};
  const auto row = merge(entity, {{"name", nullptr}, {"total", "1.00"}});
  EXPECT_FALSE(row.values.contains("name"));
  EXPECT_EQ(row.values.at("total"), "1.00");
}

TEST_F(OwnershipTest, ALowerRankGivesWay) {
  // The other connector has no mapping: rank 0.
  EntityRow entity{"id", false, {{"name", "a-other"}}, {{"name", "theirs"}}};
  EXPECT_EQ(merge(entity, {{"name", "mine"}}).values.at("name"), "mine");
  EXPECT_EQ(entity.owners.at("name"), "b-mine");
}

TEST_F(OwnershipTest, EqualRanksAreDecidedByTheConnectionNotByWhoComesFirst) {
  for (auto& rule : rules_.fields) rule.rank = 0;
  EntityRow of_smaller{"id", false, {{"name", "a-other"}}, {{"name", "theirs"}}};
  EXPECT_TRUE(merge(of_smaller, {{"name", "mine"}}).values.empty());
  EntityRow of_larger{"id", false, {{"name", "c-other"}}, {{"name", "theirs"}}};
  EXPECT_EQ(merge(of_larger, {{"name", "mine"}}).values.at("name"), "mine");
}

TEST_F(OwnershipTest, AnEqualValueChangesHandsToTheHigherRank) {
  EntityRow entity{"id", false, {{"name", "a-other"}}, {{"name", "same"}}};
  const auto row = merge(entity, {{"name", "same"}});
  EXPECT_EQ(row.owners.at("name"), "b-mine");
  EXPECT_TRUE(row.changed_fields.empty());
}

TEST_F(OwnershipTest, PendingFieldsAndFinerWordsStay) {
  EntityRow entity{
      "id", false, {{"name", "b-mine"}, {"status", "b-mine"}}, {{"name", "edited"}, {"status", "overdue"}}};
  EXPECT_TRUE(merge(entity, {{"name", "stale"}, {"status", "open"}}, {"name"}).values.empty());
  EXPECT_EQ(merge(entity, {{"status", "paid"}}).values.at("status"), "paid");
}

TEST_F(OwnershipTest, APhoneAndItsNormalFormChangeTogether) {
  EntityRow entity{"id", false, {{"phone", "b-mine"}, {"phoneE164", "b-mine"}}, {{"phone", "1"}, {"phoneE164", "+1"}}};
  const auto row = merge(entity, {{"phoneE164", nullptr}, {"phone", "call Bob"}});
  EXPECT_EQ(row.values.at("phone"), "call Bob");
  EXPECT_TRUE(row.values.at("phoneE164").is_null());
}

}  // namespace
}  // namespace patchbay::sync
