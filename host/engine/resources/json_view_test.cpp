#include "engine/resources/json_view.hpp"

#include "engine/resources/event_visibility.hpp"
#include "engine/resources/field_builder.hpp"
#include "engine/resources/field_value.hpp"

#include <gtest/gtest.h>

namespace patchbay::resources {
namespace {

storage::Rows row_of(const std::vector<storage::Param>& cells) {
  storage::Rows rows;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    rows.columns_.push_back("c" + std::to_string(i));
    rows.cells_.emplace_back(rows.arena_.size(), cells[i] ? static_cast<int>(cells[i]->size()) : -1);
    rows.arena_ += cells[i].value_or("");
  }
  return rows;
}

ResourceDescription sample() {
  ResourceDescription sample;
  sample.kind = "sample";
  sample.path = sample.table = "samples";
  sample.fields = {text("name"),
                   text("email").also_called("contactEmail", true),
                   field(FieldType::kMoney, "price").hidden_from({"technician"}),
                   text("currency").defaults_to("USD"),
                   field(FieldType::kBoolean, "open"),
                   field(FieldType::kTextList, "tags")};
  sample.row_filters = {
      {"own", "e.client_id = {client}", [](const policy::Principal& who, const sdk::json::object& values) {
         return sdk::string_at(values, "clientId") == who.client_id;
       }}};
  return sample;
}

const storage::Param kTime = "2026-11-21 03:35:38.123456+00";

TEST(JsonView, RowBecomesTextWithSecondNamesAndExactMoney) {
  const ResourceDescription description = sample();
  const auto rows = row_of({"i", "3", kTime, "2026-11-21 03:35:38+00", std::nullopt, "a\"\\\n\x01 é", "e", "120.5000",
                            "USD", "t", R"(["x"])"});
  std::string text;
  JsonView(description, "").append(text, rows, 0, sql::Shape::kPlain);
  EXPECT_EQ(
      text,
      "{\"id\":\"i\",\"name\":\"a\\\"\\\\\\n\\u0001 é\",\"email\":\"e\",\"contactEmail\":\"e\",\"price\":\"120.50\","
      "\"currency\":\"USD\",\"open\":true,\"tags\":[\"x\"],\"version\":3,\"createdAt\":\"2026-11-21T03:35:38.123Z\","
      "\"updatedAt\":\"2026-11-21T03:35:38.000Z\"}");
  std::string hidden;
  JsonView(description, "technician").append(hidden, rows, 0, sql::Shape::kPlain);
  EXPECT_EQ(hidden.find("price"), std::string::npos);
}

TEST(JsonView, DeletedRowIsATombstoneInListsAndWholeInEvents) {
  const ResourceDescription description = sample();
  const auto rows = row_of({"i", "3", kTime, kTime, kTime, "n", "e", std::nullopt, "USD", "f", "[]"});
  const JsonView view(description, "");
  std::string text;
  view.append(text, rows, 0, sql::Shape::kPlain);
  EXPECT_EQ(text, "{\"id\":\"i\",\"deleted\":true,\"deletedAt\":\"2026-11-21T03:35:38.123Z\"}");
  const sdk::json::object whole = view.object(rows, 0);
  EXPECT_EQ(whole.at("name"), "n");
  EXPECT_EQ(whole.at("deletedAt"), "2026-11-21T03:35:38.123Z");
}

TEST(JsonView, MoneyKeepsTheCurrencysPlaces) {
  EXPECT_EQ(money_text("120.5000", "USD"), "120.50");
  EXPECT_EQ(money_text("-0.1000", "USD"), "-0.10");
  EXPECT_EQ(money_text("500.0000", "JPY"), "500");
  EXPECT_EQ(money_text("1.2340", "KWD"), "1.234");
  EXPECT_EQ(money_text("1.2345", "USD"), "1.2345");
  EXPECT_EQ(money_text("7", "USD"), "7.00");
}

TEST(JsonView, TimesOfOtherShapesAreRead) {
  EXPECT_EQ(time_text("2026-11-21 03:35:38.1+00"), "2026-11-21T03:35:38.100Z");
  EXPECT_EQ(time_text("2026-11-21 03:35:38.120000+02"), "2026-11-21T01:35:38.120Z");
  EXPECT_EQ(time_text("infinity"), "infinity");
}

TEST(EventVisibility, EventsFollowTheRowRulesAndHideFields) {
  const auto root = base::yaml::parse(
      "roles: [admin, technician, customer_user, viewer]\npermissions:\n  read:samples: [admin, technician, "
      "customer_user]\n"
      "rows:\n  sample: {admin: all, technician: all, customer_user: own, viewer: all}\n",
      "policy.yaml");
  ResourceDescription readable = sample();
  readable.read_permission = "read:samples";
  Registry readable_registry;
  readable_registry.add(readable);
  const auto policy = policy::Policy::load(*root).value();
  const ResourceEventVisibility visibility(readable_registry, policy);
  events::StoredEvent event;
  event.entity_kind = "sample";
  event.visibility = {{"clientId", "c1"}};
  event.data = {{"name", "n"}, {"price", "1.00"}};
  const auto who = [](const std::string& role, const std::string& client) {
    policy::Principal principal;
    principal.kind = policy::Principal::Kind::kUser;
    principal.role = role;
    principal.client_id = client;
    return principal;
  };
  EXPECT_TRUE(visibility.visible(event, who("admin", "")));
  EXPECT_TRUE(visibility.visible(event, who("customer_user", "c1")));
  EXPECT_FALSE(visibility.visible(event, who("customer_user", "c2")));
  EXPECT_FALSE(visibility.visible(event, who("viewer", "")));  // no permission to read
  EXPECT_FALSE(visibility.may_subscribe(who("viewer", ""), "samples"));
  EXPECT_TRUE(visibility.known_topic("samples"));
  EXPECT_FALSE(visibility.known_topic("secrets"));
  EXPECT_EQ(visibility.data_for(event, "technician"), (sdk::json::object{{"name", "n"}}));
  EXPECT_EQ(visibility.data_for(event, "admin"), event.data);
  EXPECT_NE(visibility.audience(who("customer_user", "c1")), visibility.audience(who("customer_user", "c2")));
  EXPECT_EQ(visibility.audience(who("admin", "")), visibility.audience(who("admin", "")));
}

}  // namespace
}  // namespace patchbay::resources
