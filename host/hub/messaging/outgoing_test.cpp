#include "hub/messaging/outgoing.hpp"

#include <gmock/gmock.h>

namespace patchbay::messaging {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace json = sdk::json;

Outgoing parse(const json::object& body) {
  std::vector<sdk::Error> errors;
  auto outgoing = parse_outgoing(body, "US", errors);
  for (const auto& error : errors) ADD_FAILURE() << error.message;
  return outgoing;
}

std::vector<std::string> wrong_fields(const json::object& body) {
  std::vector<sdk::Error> errors;
  parse_outgoing(body, "US", errors);
  std::vector<std::string> fields;
  for (const auto& error : errors) fields.push_back(error.field.value_or("?"));
  return fields;
}

TEST(Outgoing, AddressesAreBroughtIntoTheirNormalForm) {
  EXPECT_THAT(parse({{"channel", "sms"}, {"to", "(810) 555-0142"}, {"text", "Hi"}}).to, ElementsAre("+18105550142"));
  EXPECT_THAT(
      parse(
          {{"channel", "email"}, {"to", {"Ada <ada@example.com>", "ada@example.com", "b@example.com"}}, {"text", "Hi"}})
          .to,
      ElementsAre("ada@example.com", "b@example.com"));
  EXPECT_THAT(parse({{"channel", "slack"}, {"toAddress", "#work"}, {"body", "Hi"}}).to, ElementsAre("#work"));
  EXPECT_EQ(joined({"a@x.io", "b@x.io"}), "a@x.io, b@x.io");
}

TEST(Outgoing, EverythingThatIsWrongIsNamed) {
  EXPECT_THAT(wrong_fields({{"channel", "phone"}, {"to", "+18105550142"}, {"text", "x"}}), ElementsAre("channel"));
  EXPECT_THAT(wrong_fields({{"channel", "note"}, {"text", "x"}}), ElementsAre("channel"));
  EXPECT_THAT(wrong_fields({}), ElementsAre("channel"));
  EXPECT_THAT(wrong_fields({{"channel", "sms"}, {"to", "Ada"}, {"tpyo", 1}}), ElementsAre("tpyo", "to", "text"));
  EXPECT_THAT(wrong_fields({{"channel", "sms"}, {"to", {"+18105550142", "+18105550143"}}, {"text", "x"}}),
              ElementsAre("to"));
  EXPECT_THAT(wrong_fields({{"channel", "sms"}, {"to", "+18105550142"}, {"text", "x"}, {"subject", "y"}}),
              ElementsAre("subject"));
  EXPECT_THAT(wrong_fields({{"channel", "sms"}, {"to", "+18105550142"}, {"text", std::string(1601, 'x')}}),
              ElementsAre("text"));
  EXPECT_THAT(wrong_fields({{"channel", "email"}, {"to", "a@x.io\r\nBcc: b@x.io"}, {"text", 7}}),
              ElementsAre("to", "text", "text"));
  EXPECT_THAT(wrong_fields({{"channel", "email"}, {"text", "x"}}), ElementsAre("to"));
  EXPECT_THAT(wrong_fields({{"channel", "email"}, {"text", "x"}, {"clientId", "7"}}), ElementsAre("clientId", "to"));
  EXPECT_THAT(wrong_fields(
                  {{"channel", "email"}, {"to", "a@x.io"}, {"attachments", {{{"name", "a"}, {"contentBase64", "%"}}}}}),
              ElementsAre("attachments", "text"));
  EXPECT_THAT(wrong_fields({{"channel", "slack"}, {"to", "C1"}, {"options", "x"}, {"text", "x"}}),
              ElementsAre("options"));
}

TEST(Outgoing, SlacksOwnWordsAreTaken) {
  const auto outgoing = parse({{"channel", "slack"},
                               {"to", "C1"},
                               {"threadTs", "1700000001.000100"},
                               {"blocks", json::array{json::object{{"type", "divider"}}}},
                               {"connection", "main"},
                               {"isInternal", true}});
  EXPECT_EQ(outgoing.thread_id, "1700000001.000100");
  EXPECT_EQ(json::serialize(outgoing.options), R"({"blocks":[{"type":"divider"}]})");
  EXPECT_EQ(outgoing.connection, "main");
  EXPECT_TRUE(outgoing.is_internal);
  EXPECT_THAT(wrong_fields({{"channel", "slack"}, {"to", "C1"}, {"blocks", json::array()}}), ElementsAre("text"));
  EXPECT_THAT(wrong_fields({{"channel", "slack"}, {"to", "C1"}, {"text", "x"}, {"blocks", "x"}, {"isInternal", 1}}),
              ElementsAre("isInternal", "blocks"));
}

TEST(Outgoing, AClientAloneIsEnough) {
  const auto outgoing =
      parse({{"channel", "sms"}, {"customerId", "01a1fd04-6e55-7343-ba52-8703f76fb9f6"}, {"text", "Hi"}});
  EXPECT_THAT(outgoing.to, IsEmpty());
  EXPECT_EQ(outgoing.client_id, "01a1fd04-6e55-7343-ba52-8703f76fb9f6");
}

/// What makes a repeated try safe is the hub's to say.
TEST(Outgoing, NobodyTellsAConnectorWhatTheHubTellsIt) {
  const auto outgoing = parse({{"channel", "sms"},
                               {"to", "+18105550142"},
                               {"options",
                                {{"mediaUrl", "https://example.com/a.png"},
                                 {"firstTriedAt", "2020-01-01T00:00:00Z"},
                                 {"sentIds", {"SM1"}},
                                 {"statusCallback", "https://evil.example"}}}});
  EXPECT_EQ(json::serialize(outgoing.options), R"({"mediaUrl":"https://example.com/a.png"})");
}

TEST(Outgoing, IsKeptWhole) {
  const auto outgoing =
      parse({{"channel", "email"},
             {"to", {"a@example.com", "b@example.com"}},
             {"from", "Office <o@example.com>"},
             {"subject", "S"},
             {"text", "T"},
             {"html", "<b>T</b>"},
             {"threadId", "<1@example.com>"},
             {"attachments", {{{"name", "a.txt"}, {"contentType", "text/plain"}, {"contentBase64", "AAE="}}}},
             {"connection", "smtp"},
             {"options", {{"x", 1}}}});
  const auto again = from_json(to_json(outgoing));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(json::serialize(to_json(*again)), json::serialize(to_json(outgoing)));
  EXPECT_EQ(again->attachments.at(0).content, std::string("\0\x01", 2));
  EXPECT_FALSE(from_json(json::object{}).ok()) << "a finished one is emptied";
}

}  // namespace
}  // namespace patchbay::messaging
