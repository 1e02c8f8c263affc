#include "engine/mapping/mapping_test_registry.hpp"

#include <gtest/gtest.h>

namespace patchbay::mapping {
namespace {

using testing::load_text;

/// The message of the error that the mapping is refused with.
std::string refusal(const std::string& yaml) {
  const auto registry = testing::make_registry();
  const auto mapping = load_text(yaml, registry);
  return mapping.ok() ? "accepted" : mapping.error().message;
}

std::string with_field(const std::string& field) {
  return "connector: acme\nresources:\n  customers:\n    entity: client\n    fields:\n      name: name\n      " +
         field + "\n";
}

TEST(MappingLoad, ReadsAWholeMapping) {
  const auto registry = testing::make_registry();
  const auto mapping = load_text(
      "connector: acme\n"
      "minor_units: {ISK: 2}\n"
      "resources:\n"
      "  customers:\n"
      "    entity: client\n"
      "    match_by: [email, phone]\n"
      "    update_from_hub: true\n"
      "    skip_when: kind!=person|company\n"
      "    fields:\n"
      "      name: {from: [name, email], cut: true, rank: 7, to: name}\n"
      "      type: {from: company, values: {\"true\": BUSINESS, \"*\": INDIVIDUAL}, keep: {INDIVIDUAL: [BUSINESS]}}\n",
      registry);
  ASSERT_TRUE(mapping.ok()) << mapping.error().message;
  const ResourceMapping* customers = mapping.value().find("customers");
  ASSERT_NE(customers, nullptr);
  EXPECT_EQ(customers->fields.size(), 2u);
  EXPECT_EQ(customers->find_field("name")->rank, 7);
  EXPECT_TRUE(customers->find_field("name")->required);
  EXPECT_EQ(customers->find_field("type")->kind, Transform::kEnum);
  EXPECT_EQ(mapping.value().minor_unit_places("ISK"), 2);
  EXPECT_EQ(mapping.value().minor_unit_places("JPY"), 0);
  EXPECT_EQ(mapping.value().find_writable("client"), customers);
  EXPECT_EQ(mapping.value().find_writable("invoice"), nullptr);
}

std::string with_rules(const std::string& rules) {
  return "connector: acme\nresources:\n  customers:\n    entity: client\n    create_from_hub: true\n    " + rules +
         "\n    fields:\n      name: name\n      type: {from: kind, values: {\"*\": BUSINESS}}\n";
}

TEST(MappingLoad, SaysWhatIsCreatedAndWhatADeletionMeans) {
  const auto registry = testing::make_registry();
  const auto mapping =
      load_text(with_rules("create_when: type=BUSINESS\n    when_deleted: {type: INDIVIDUAL}"), registry);
  ASSERT_TRUE(mapping.ok()) << mapping.error().message;
  const ResourceMapping* rules = mapping.value().find("customers");
  EXPECT_TRUE(rules->create_when->holds(sdk::json::object{{"type", "BUSINESS"}}));
  EXPECT_FALSE(rules->create_when->holds(sdk::json::object{{"type", "INDIVIDUAL"}}));
  EXPECT_EQ(*rules->when_deleted, (sdk::json::object{{"type", "INDIVIDUAL"}}));
  const auto nothing = load_text(with_rules("when_deleted: {}"), registry);
  ASSERT_TRUE(nothing.ok()) << nothing.error().message;
  EXPECT_TRUE(nothing.value().find("customers")->when_deleted->empty());
  EXPECT_FALSE(load_text(with_rules(""), registry).value().find("customers")->when_deleted);
  EXPECT_NE(refusal(with_rules("create_when: typ=x")).find("has no field typ"), std::string::npos);
  EXPECT_NE(refusal(with_rules("when_deleted: {email: x}")).find("is not mapped"), std::string::npos);
  EXPECT_NE(refusal(with_rules("when_deleted: {type: GONE}")).find("GONE"), std::string::npos);
  EXPECT_NE(refusal(with_rules("when_deleted: gone")).find("is a map"), std::string::npos);
}

TEST(MappingLoad, NamesFileLineAndColumn) {
  const std::string message = refusal(with_field("emial: email"));
  EXPECT_NE(message.find("acme.yaml:7:"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean \"email\"?"), std::string::npos) << message;
}

TEST(MappingLoad, RefusesWhatCannotWork) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {with_field("email: {from: email, transform: emali}"), "Unknown transform"},
      {with_field("email: {from: email, transform: money_minor}"), "does not fit"},
      {with_field("email: {from: \"emails[\"}"), "not a path"},
      {with_field("email: {from: \"a..b\"}"), "not a path"},
      {with_field("email: {from: email, to: \"emails[0]\"}"), "not a path"},
      {with_field("email: {form: email}"), "Unknown key of a field"},
      {with_field("email: {rank: 3}"), "needs `from`"},
      {with_field("email: {from: email, rank: 2000}"), "between 0 and 1000"},
      {with_field("type: {from: kind, values: {a: PERSON}}"), "Unknown value of type"},
      {with_field("type: {from: kind}"), "needs `values`"},
      {with_field("type: {constant: NOBODY}"), "Unknown value of type"},
      {with_field("email: {from: email, negate: true}"), "belong to money"},
      {with_field("address: {from: a, transform: address, parts: {line3: x}}"), "Unknown address part"},
      {with_field("email: {from: email, template: \"a {\"}"), "without }"},
      {with_field("type: {when: [{if: \"a>x\", value: BUSINESS}]}"), "needs a number"},
      {"connector: other\nresources: {}\n", "the connector is acme"},
      {"connector: acme\nresources:\n  nobody: {entity: client, fields: {name: name}}\n", "Unknown resource of acme"},
      {"connector: acme\nresources:\n  customers: {entity: cleint, fields: {name: name}}\n",
       "did you mean \"client\"?"},
      {"connector: acme\nresources:\n  customers: {entity: client, fields: {email: email}}\n", "required field name"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, create_from_hub: true, fields: {title: t}}\n",
       "cannot do this"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, match_by: email, fields: {title: t}}\n",
       "no field email"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {total: t}}\n", "needs a transform"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {clientId: c}}\n", "belong together"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {clientId: {from: c, reference: people}}}\n",
       "Unknown resource of acme"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {contactId: {from: c, find_by: fax}}}\n",
       "Unknown key"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {title: {from: c, find_by: phone}}}\n",
       "refers to an entity"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {jobId: {from: c, find_by: phone}}}\n",
       "has no phone"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {contactId: {from: c, find_by: phone, to: "
       "c}}}\n",
       "not written back"},
      {"connector: acme\nresources:\n  bills: {entity: invoice, fields: {contactId: {from: c, own_id: d}}}\n",
       "with a `reference`"},
  };
  for (const auto& [yaml, reason] : cases) {
    const std::string message = refusal(yaml);
    EXPECT_NE(message.find(reason), std::string::npos) << yaml << "\n→ " << message;
    EXPECT_NE(message.find("acme.yaml:"), std::string::npos) << yaml << "\n→ " << message;
  }
}

TEST(MappingLoad, ADigestChangesWithTheRules) {
  const auto registry = testing::make_registry();
  const auto first = load_text(with_field("email: {from: email, rank: 1}"), registry);
  const auto second = load_text(with_field("email: {from: email, rank: 2}"), registry);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first.value().find("customers")->digest, second.value().find("customers")->digest);
}

}  // namespace
}  // namespace patchbay::mapping
