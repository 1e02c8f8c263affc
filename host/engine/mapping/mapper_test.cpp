#include "engine/mapping/mapping_test_registry.hpp"

#include <gtest/gtest.h>

namespace patchbay::mapping {
namespace {

using testing::make_record;

constexpr std::string_view kYaml =
    "connector: acme\n"
    "minor_units: {ISK: 2}\n"
    "resources:\n"
    "  customers:\n"
    "    entity: client\n"
    "    match_by: [email, phone]\n"
    "    update_from_hub: true\n"
    "    skip_when: kind=ghost\n"
    "    fields:\n"
    "      name: {from: [name, email, id], to: name}\n"
    "      email: {from: [\"emails[primary=true].address\", email], to: email}\n"
    "      phone: {from: phone, to: phone}\n"
    "      address: {from: address, transform: address, parts: {line1: street1, state: province}, to: address}\n"
    "      type: {from: company, values: {\"true\": BUSINESS, \"*\": INDIVIDUAL}, to: company}\n"
    "      serviceStatus: {from: status, cut: true}\n"
    "      tags: tags\n"
    "  bills:\n"
    "    entity: invoice\n"
    "    fields:\n"
    "      clientId: {from: [customer.id, customer], reference: customers}\n"
    "      currency: {from: currency, transform: currency}\n"
    "      total: {from: amount, transform: money_minor, currency: currency}\n"
    "      dueDate: {from: due, transform: unix_time}\n"
    "      count: {from: count}\n"
    "      open: {from: open}\n"
    "      title: {from: title, template: \"Bill {number}\"}\n"
    "      contactId: {from: contact, find_by: phone}\n";

class MapperTest : public ::testing::Test {
 protected:
  MapperTest() : registry_(testing::make_registry()), mapping_(load()), mapper_(mapping_, registry_, {}) {}

  Mapping load() const {
    auto mapping = testing::load_text(kYaml, registry_);
    if (!mapping.ok()) throw std::runtime_error(mapping.error().message);
    return std::move(mapping).value();
  }
  MappedRecord map(std::string_view resource, std::string_view json) const {
    auto mapped = mapper_.to_entity(make_record(std::string(resource), "id1", json));
    if (!mapped.ok()) throw std::runtime_error(mapped.error().message);
    return std::move(mapped).value();
  }
  std::string failure(std::string_view resource, std::string_view json) const {
    const auto mapped = mapper_.to_entity(make_record(std::string(resource), "id1", json));
    return mapped.ok() ? "accepted" : mapped.error().message;
  }

  resources::Registry registry_;
  Mapping mapping_;
  Mapper mapper_;
};

TEST_F(MapperTest, TheHubsOwnIdComesFirstSoThatALinkCountsForMore) {
  const auto mapping = testing::load_text(
      "connector: acme\nresources:\n  bills:\n    entity: invoice\n    fields:\n"
      "      contactId: {from: customer, reference: customers, own_id: metadata.client}\n",
      registry_);
  ASSERT_TRUE(mapping.ok()) << mapping.error().message;
  const Mapper mapper(*mapping, registry_, {});
  const auto references = [&](std::string_view json) {
    return mapper.to_entity(make_record("bills", "id1", json)).value().references;
  };
  constexpr std::string_view kId = "7f0c3c1e-58a4-4d0e-9d59-0c6d7d7c2b11";
  const auto both = references(R"({"customer":"cus_1","metadata":{"client":")" + std::string(kId) + "\"}}");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].resource, "client.id");
  EXPECT_EQ(both[0].external_id, kId);
  EXPECT_EQ(both[1].resource, "customers");
  const auto alone = references(R"({"customer":null,"metadata":{"client":")" + std::string(kId) + "\"}}");
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(alone[0].field, "contactId");
  EXPECT_TRUE(references(R"({"metadata":{"client":"4711"}})").empty()) << "another program's word";
  EXPECT_TRUE(references(R"({"metadata":{"client":{"id":1}}})").empty());
}

TEST_F(MapperTest, TakesTheFirstPathThatSaysSomething) {
  EXPECT_EQ(map("customers", R"({"name":"  ","email":"A@Example.com","id":"x"})").values.at("name"), "A@Example.com");
  EXPECT_EQ(map("customers", R"({"id":"x"})").values.at("name"), "x");
  const auto mapped =
      map("customers",
          R"({"name":"n","emails":[{"primary":false,"address":"b@x.org"},{"primary":true,"address":"C@X.org"}]})");
  EXPECT_EQ(mapped.values.at("email"), "c@x.org");
  EXPECT_EQ(mapped.email, "c@x.org");
}

TEST_F(MapperTest, KeepsThePhoneAsWrittenBesideItsE164Form) {
  const auto mapped = map("customers", R"({"name":"n","phone":"(810) 555-0100"})");
  EXPECT_EQ(mapped.values.at("phone"), "(810) 555-0100");
  EXPECT_EQ(mapped.values.at("phoneE164"), "+18105550100");
  EXPECT_EQ(mapped.phone, "+18105550100");
  const auto odd = map("customers", R"({"name":"n","phone":"call Bob"})");
  EXPECT_EQ(odd.values.at("phone"), "call Bob");
  EXPECT_TRUE(odd.values.at("phoneE164").is_null());
  EXPECT_FALSE(odd.notes.empty());
}

TEST_F(MapperTest, LeavesOutAnUnusableEmailWithANote) {
  const auto mapped = map("customers", R"({"name":"n","email":"not an address"})");
  EXPECT_FALSE(mapped.values.contains("email"));
  ASSERT_EQ(mapped.notes.size(), 1u);
  EXPECT_NE(mapped.notes[0].find("email"), std::string::npos);
}

TEST_F(MapperTest, SaysNullWhereTheRecordNamesAFieldAndHasNothing) {
  const auto cleared = map("customers", R"({"name":"n","phone":null})");
  EXPECT_TRUE(cleared.values.at("phone").is_null());
  EXPECT_TRUE(cleared.values.at("phoneE164").is_null());
  EXPECT_FALSE(map("customers", R"({"name":"n"})").values.contains("phone"));
}

TEST_F(MapperTest, ShapesAddresses) {
  const auto mapped =
      map("customers",
          R"({"name":"n","address":{"street1":"1 Main St","city":"Flint","province":"MI","postalCode":null}})");
  EXPECT_EQ(sdk::canonical_json(mapped.values.at("address")), R"({"city":"Flint","line1":"1 Main St","state":"MI"})");
  EXPECT_TRUE(map("customers", R"({"name":"n","address":{"street1":"","city":null}})").values.at("address").is_null());
}

TEST_F(MapperTest, MapsEnumsWithAFallbackAndKeepsTheServicesWord) {
  EXPECT_EQ(map("customers", R"({"name":"n","company":true})").values.at("type"), "BUSINESS");
  EXPECT_EQ(map("customers", R"({"name":"n","company":"perhaps"})").values.at("type"), "INDIVIDUAL");
  EXPECT_EQ(map("customers", R"({"name":"n","status":"ünknown"})").values.at("serviceStatus"), "ünkno")
      << "cut between characters";
}

TEST_F(MapperTest, RefusesTextOverTheColumnUnlessItMayBeCut) {
  EXPECT_NE(failure("customers", R"({"name":"123456789012345678901"})").find("longer than 20"), std::string::npos);
}

TEST_F(MapperTest, MoneyNeverLosesADigit) {
  EXPECT_EQ(map("bills", R"({"amount":12050,"currency":"usd"})").values.at("total"), "120.50");
  EXPECT_EQ(map("bills", R"({"amount":12050,"currency":"jpy"})").values.at("total"), "12050");
  EXPECT_EQ(map("bills", R"({"amount":12050,"currency":"isk"})").values.at("total"), "120.50");
  EXPECT_EQ(map("bills", R"({"amount":12050})").values.at("total"), "120.50") << "the default currency";
  EXPECT_NE(failure("bills", R"({"amount":99999999999999999999999999})").find("total"), std::string::npos);
  EXPECT_NE(failure("bills", R"({"amount":1.5})").find("total"), std::string::npos);
  EXPECT_NE(failure("bills", R"({"amount":1,"currency":"dollars"})").find("currency"), std::string::npos);
}

TEST_F(MapperTest, FindsByAKeyInItsNormalForm) {
  const auto mapped = map("bills", R"({"contact":" (810) 555-0100 "})");
  ASSERT_EQ(mapped.references.size(), 1u);
  EXPECT_EQ(mapped.references[0].field, "contactId");
  EXPECT_EQ(mapped.references[0].resource, "client.phone");
  EXPECT_EQ(mapped.references[0].external_id, "+18105550100");
  EXPECT_TRUE(map("bills", R"({"contact":"PIZZA"})").references.empty()) << "a sender's name is no phone";
  EXPECT_TRUE(map("bills", R"({"contact":"55501"})").references.empty()) << "nor is a short code";
  EXPECT_EQ(map("bills", R"({"contact":"+18105550100"})").fingerprint, mapped.fingerprint);
  EXPECT_NE(map("bills", R"({"contact":"+18105550101"})").fingerprint, mapped.fingerprint);
}

TEST_F(MapperTest, MapsTimesNumbersTemplatesAndReferences) {
  const auto mapped =
      map("bills", R"({"due":1700000000,"count":"42","open":"true","number":7,"customer":{"id":"cus_1"}})");
  EXPECT_EQ(mapped.values.at("dueDate"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(mapped.values.at("count"), 42);
  EXPECT_EQ(mapped.values.at("open"), true);
  EXPECT_EQ(mapped.values.at("title"), "Bill 7");
  ASSERT_EQ(mapped.references.size(), 1u);
  EXPECT_EQ(mapped.references[0].external_id, "cus_1");
  EXPECT_EQ(map("bills", R"({"customer":"cus_2"})").references[0].external_id, "cus_2");
  EXPECT_NE(failure("bills", R"({"due":"soon"})").find("dueDate"), std::string::npos);
  EXPECT_NE(failure("bills", R"({"due":99999999999999})").find("out of range"), std::string::npos);
  EXPECT_NE(failure("bills", R"({"count":99999999999999999999})").find("64-bit"), std::string::npos);
}

TEST_F(MapperTest, FingerprintsTellValuesApartAndNothingElse) {
  const auto first = map("customers", R"({"name":"n","email":"a@x.org","seen":1})");
  const auto same = map("customers", R"({"seen":2,"email":"A@x.org","name":" n "})");
  const auto other = map("customers", R"({"name":"n","email":"b@x.org"})");
  EXPECT_EQ(first.fingerprint, same.fingerprint);
  EXPECT_NE(first.fingerprint, other.fingerprint);
  EXPECT_EQ(first.fingerprint.size(), 32u);
}

TEST_F(MapperTest, SkipsAndRefuses) {
  EXPECT_TRUE(map("customers", R"({"kind":"ghost"})").skipped);
  EXPECT_TRUE(map("nothing mapped", R"({})").skipped);
  EXPECT_FALSE(mapper_.to_entity(make_record("customers", "", R"({"name":"n"})")).ok());
  EXPECT_FALSE(mapper_.to_entity(make_record("customers", std::string(256, 'x'), R"({"name":"n"})")).ok());
  EXPECT_FALSE(mapper_.to_entity(make_record("customers", "a", "[]")).ok());
  sdk::Record gone = make_record("customers", "a", "null");
  gone.deleted = true;
  const auto mapped = mapper_.to_entity(gone);
  ASSERT_TRUE(mapped.ok());
  EXPECT_TRUE(mapped.value().deleted);
}

TEST_F(MapperTest, BuildsTheServicesShape) {
  const sdk::json::object row = {{"name", "N"},
                                 {"email", nullptr},
                                 {"phone", "555"},
                                 {"type", "BUSINESS"},
                                 {"address", {{"line1", "1 Main"}, {"city", "Flint"}}}};
  const auto whole = mapper_.to_record(*mapping_.find("customers"), row, {}, {});
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(
      sdk::canonical_json(whole.value()),
      R"({"address":{"city":"Flint","country":null,"line2":null,"postalCode":null,"province":null,"street1":"1 Main"},)"
      R"("company":true,"name":"N","phone":"555"})");
  const auto changed = mapper_.to_record(*mapping_.find("customers"), row, {"email", "phoneE164"}, {});
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(sdk::canonical_json(changed.value()), R"({"email":null})");
}

}  // namespace
}  // namespace patchbay::mapping
