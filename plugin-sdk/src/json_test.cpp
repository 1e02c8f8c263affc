#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/money.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace patchbay::sdk {
namespace {

using namespace std::string_literals;

json::value parsed(std::string_view text, JsonRepairs* repairs = nullptr) {
  auto result = parse_json(text, {}, repairs);
  EXPECT_TRUE(result.ok()) << text << ": " << (result.ok() ? "" : result.error().message);
  return result.ok() ? std::move(result).value() : json::value();
}

std::string error_code(std::string_view text, const JsonLimits& limits = {}) {
  const auto result = parse_json(text, limits);
  if (result.ok()) return "ok: " + json::serialize(*result);
  EXPECT_EQ(result.error().error_class, ErrorClass::kInvalid);
  return result.error().code;
}

TEST(ParseJson, ReadsCleanDocumentsWithoutRepairs) {
  JsonRepairs repairs;
  const auto value = parsed(R"({"a":[1,-2,3.5,true,false,null,"\u00e9\n\ud83d\ude00"],"b":{}})", &repairs);
  EXPECT_FALSE(repairs.any());
  EXPECT_EQ(json::serialize(value), "{\"a\":[1,-2,3.5E0,true,false,null,\"\xC3\xA9\\n\xF0\x9F\x98\x80\"],\"b\":{}}");
}

TEST(ParseJson, TheValueOwnsItsMemoryByTheDefaultResource) {
  const auto value = parsed(R"({"a":["text that is too long for a small string"]})");
  EXPECT_EQ(value.storage().get(), json::storage_ptr().get());
  EXPECT_EQ(value.at("a").at(0).storage().get(), json::storage_ptr().get());
}

TEST(ParseJson, TheLastOfDuplicateKeysCounts) {
  EXPECT_EQ(json::serialize(parsed(R"({"a":1,"b":2,"a":3})")), R"({"a":3,"b":2})");
  std::string many = "{";
  for (int index = 0; index < 100; ++index) many += "\"k" + std::to_string(index) + "\":0,";
  EXPECT_EQ(parsed(many + "\"k7\":\"last\"}").at("k7"), json::value("last"));
}

TEST(ParseJson, ReplacesEscapedAndRawNul) {
  JsonRepairs repairs;
  EXPECT_EQ(parsed(R"({"a\u0000b":"\u0000x\u0000"})", &repairs)
                .at("a\xEF\xBF\xBD"
                    "b"),
            json::value("\xEF\xBF\xBDx\xEF\xBF\xBD"));
  EXPECT_EQ(repairs.nul_characters, 3U);
  EXPECT_EQ(parsed("[\"a\0b\"]"s, &repairs), (json::value{"a\xEF\xBF\xBD"
                                                          "b"}));
  EXPECT_EQ(repairs.nul_characters, 1U);
  EXPECT_EQ(parsed("[\"\\\\u0000\"]", &repairs), (json::value{"\\u0000"})) << "an escaped backslash begins no escape";
  EXPECT_FALSE(repairs.any());
}

TEST(ParseJson, ReplacesLoneSurrogatesAndKeepsPairs) {
  JsonRepairs repairs;
  EXPECT_EQ(parsed(R"(["\ud800","\udc00x","\ud83d\ude00","\ud83d\u0041","\uD83D\uD83D\uDE00"])", &repairs),
            (json::value{"\xEF\xBF\xBD", "\xEF\xBF\xBDx", "\xF0\x9F\x98\x80",
                         "\xEF\xBF\xBD"
                         "A",
                         "\xEF\xBF\xBD\xF0\x9F\x98\x80"}));
  EXPECT_EQ(repairs.lone_surrogates, 4U);
}

TEST(ParseJson, CountsAllKindsOfRepairsInOneDocument) {
  JsonRepairs repairs;
  const auto value = parsed("{\"n\":1e999999,\"s\":\"\\udfff \\u0000 \0\",\"big\":18446744073709551616}"s, &repairs);
  EXPECT_EQ(repairs.nul_characters, 2U);
  EXPECT_EQ(repairs.lone_surrogates, 1U);
  EXPECT_EQ(repairs.oversized_numbers, 2U);
  EXPECT_EQ(value.at("n"), json::value("1e999999"));
  EXPECT_EQ(value.at("big"), json::value("18446744073709551616"));
}

TEST(ParseJson, KeepsIntegersThatFit64Bits) {
  EXPECT_EQ(parsed("-9223372036854775808"), json::value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(parsed("9223372036854775807"), json::value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(parsed("18446744073709551615"), json::value(std::numeric_limits<std::uint64_t>::max()));
}

TEST(ParseJson, KeepsOversizedNumbersAsText) {
  const std::string huge = "1" + std::string(400, '0') + "1";
  for (const std::string& text :
       {"18446744073709551616"s, "-9223372036854775809"s, "0.1234567890123456"s, "1234567890123456.5"s, "1e400"s,
        "-1e400"s, "1E-400"s, "1e99999"s, "1e2147483648"s, "-2.5e+99999999999999999999"s, huge}) {
    JsonRepairs repairs;
    EXPECT_EQ(parsed(text, &repairs), json::value(text));
    EXPECT_EQ(repairs.oversized_numbers, 1U) << text;
    EXPECT_EQ(parsed("[1," + text + ",{\"a\":" + text + "}]", &repairs).at(1), json::value(text));
    EXPECT_EQ(repairs.oversized_numbers, 2U) << text;
  }
}

TEST(ParseJson, ReadsDecimalsToTheNearestDouble) {
  EXPECT_EQ(parsed("0.000000000000000000001").as_double(), 1e-21);
  EXPECT_EQ(parsed("123456789012345000000000.0").as_double(), 123456789012345000000000.0);
  EXPECT_EQ(parsed("-0.0").as_double(), 0.0);
  std::mt19937 generator(20261121);
  for (int round = 0; round < 20'000; ++round) {
    const auto cents = std::uniform_int_distribution<long long>(0, 9'999'999'999'999)(generator);
    const std::string text = format_money({cents, "USD"});
    ASSERT_EQ(parsed(text).as_double(), std::stod(text)) << text;
  }
}

TEST(ParseJson, AmountsBecomeExactMoney) {
  for (const auto& [number, expected] : {std::pair{"120.5", "120.50"},
                                         {"0.1", "0.10"},
                                         {"1e2", "100.00"},
                                         {"19.99", "19.99"},
                                         {"-3", "-3.00"},
                                         {"9999999999999.99", "9999999999999.99"}}) {
    const auto value = parsed(number);
    const auto money = parse_money(scalar_text(value).value(), "USD");
    ASSERT_TRUE(money.ok()) << number;
    EXPECT_EQ(format_money(*money), expected);
  }
  EXPECT_EQ(scalar_text(parsed("120.5")), "120.5");
  EXPECT_EQ(scalar_text(parsed("12345678901234567.89")), "12345678901234567.89");
}

TEST(ParseJson, RefusesBrokenSyntax) {
  for (const std::string_view text :
       {"",          " ",   "{",          "[1,]",    "{\"a\":}", "nul", "01", "1.",       "[1] x", "\"\\x\"",
        "\"\\ud8\"", "'a'", "{\"a\":1,}", "// c\n1", "NaN",      "-",   "+1", "\"a\nb\"", "1e",    "[1e99999999x]"}) {
    EXPECT_EQ(error_code(text), "json.syntax") << text;
  }
}

TEST(ParseJson, RefusesWhatIsNotUtf8) {
  for (const std::string_view text :
       {"\"\xFF\"", "[\"\xC0\xAF\"]", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "{\"\x80\":1}", "\"\xE2\x82\""}) {
    EXPECT_EQ(error_code(text), "json.encoding");
  }
  EXPECT_EQ(error_code("[\"\\ud800\",\"\xFF\"]"), "json.encoding") << "also where something else was repaired";
}

TEST(ParseJson, HoldsItsLimits) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(error_code(nested(64)), "ok: " + nested(64));
  EXPECT_EQ(error_code(nested(65)), "json.depth");
  EXPECT_EQ(error_code(std::string(1'000'000, '[')), "json.depth");
  EXPECT_EQ(error_code("[1,2]", {.bytes_max = 4}), "json.too_large");
  EXPECT_EQ(error_code("[[1]]", {.depth_max = 1}), "json.depth");
}

TEST(FindPath, FollowsMembersElementsAndSelectors) {
  const auto value = parsed(R"({"data":{"object":{"id":"cus_1"}},"emails":[{"primary":false,"address":"a"},
      {"primary":true,"address":"b","tags":["x","y"]}],"n":[[1,2],[3]]})");
  EXPECT_EQ(string_at(value, "data.object.id"), "cus_1");
  EXPECT_EQ(string_at(value, "emails[primary=true].address"), "b");
  EXPECT_EQ(string_at(value, "emails[0].address"), "a");
  EXPECT_EQ(string_at(value, "emails[address=b].tags[1]"), "y");
  EXPECT_EQ(scalar_text(*find_path(value, "n[0][1]")), "2");
  EXPECT_EQ(find_path(value, ""), &value);
  for (const std::string_view path : {"data.nothing.id", "emails[2].address", "emails[primary=yes]", "emails.address",
                                      "n[x]", "n[", "data..object", ".data", "data.", "n[-1]", "data[0]"}) {
    EXPECT_EQ(find_path(value, path), nullptr) << path;
  }
  EXPECT_EQ(string_at(value, "n"), "");
}

TEST(FindPath, StartsAtAnObjectWithoutCopyingIt) {
  const auto value = parsed(R"({"data":{"list":[{"id":"a"}]}})");
  const json::object& object = value.as_object();
  EXPECT_EQ(find_path(object, "data"), object.if_contains("data"));
  EXPECT_EQ(string_at(object, "data.list[0].id"), "a");
  EXPECT_EQ(find_member(object, "data"), object.if_contains("data"));
  for (const std::string_view path : {"", "[0]", ".data", "data.", "nothing.x"}) {
    EXPECT_EQ(find_path(object, path), nullptr) << path;
  }
}

TEST(ScalarText, IsThePlainTextOfScalars) {
  EXPECT_EQ(scalar_text(json::value("a")), "a");
  EXPECT_EQ(scalar_text(json::value(true)), "true");
  EXPECT_EQ(scalar_text(json::value(-5)), "-5");
  EXPECT_EQ(scalar_text(json::value(100000.0)), "100000");
  EXPECT_EQ(scalar_text(json::value(1e20)), "100000000000000000000");
  EXPECT_EQ(scalar_text(json::value(0.00001)), "0.00001");
  EXPECT_EQ(scalar_text(json::value(nullptr)), std::nullopt);
  EXPECT_EQ(scalar_text(json::value(json::object())), std::nullopt);
}

TEST(CanonicalJson, DoesNotDependOnTheOrderOfMembers) {
  EXPECT_EQ(canonical_json(parsed(R"({"b":[{"y":1,"x":2.50}],"a":"q\"","aa":null})")),
            R"({"a":"q\"","aa":null,"b":[{"x":2.5,"y":1}]})");
  EXPECT_EQ(canonical_json(parsed(R"({"a":1,"b":2})")), canonical_json(parsed(R"({"b":2,"a":1})")));
  EXPECT_EQ(canonical_json(parsed("{}")), "{}");
  EXPECT_EQ(canonical_json(parsed("[-0e2, -0.0, 0.0]")), "[0,0,0]");
}

}  // namespace
}  // namespace patchbay::sdk
