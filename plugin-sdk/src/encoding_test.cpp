#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/http.hpp>

#include <gtest/gtest.h>

namespace patchbay::sdk {
namespace {

using namespace std::string_literals;

TEST(Base64, AgreesWithRfc4648) {
  const std::pair<std::string, std::string> kCases[] = {{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"fooba", "Zm9vYmE="},
                                                        {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : kCases) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded).value(), plain);
  }
  EXPECT_EQ(base64url_encode("\xFB\xFF\xFE"), "-__-");
  EXPECT_EQ(base64_decode("-__-").value(), "\xFB\xFF\xFE");
  EXPECT_EQ(base64_decode("+//+").value(), "\xFB\xFF\xFE");
  EXPECT_EQ(base64_decode("Zg").value(), "f");
}

TEST(Base64, RefusesOtherCharactersAndLeftOverBits) {
  for (const std::string_view text :
       {"Z", "Zm9v!", "Zm 9v", "Zh==", "Zm9w\n", "Zm9=", "\xFF\xFF\xFF\xFF", "Zg==Zg=="}) {
    const auto decoded = base64_decode(text);
    EXPECT_EQ(decoded.ok() ? "ok" : decoded.error().code, "encoding.base64") << text;
  }
}

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(hex_encode("\x00\xAB\xFF"s), "00abff");
  EXPECT_EQ(hex_decode("00ABff").value(), "\x00\xAB\xFF"s);
  EXPECT_FALSE(hex_decode("0").ok());
  EXPECT_FALSE(hex_decode("0g").ok());
}

std::string normalized(std::string_view text) {
  const auto time = parse_time(text);
  return time.ok() ? format_time(*time) : time.error().code;
}

TEST(Time, ReadsWhatServicesSend) {
  EXPECT_EQ(normalized("2026-11-21T03:35:38.123Z"), "2026-11-21T03:35:38.123Z");
  EXPECT_EQ(normalized("2026-11-21T03:35:38+02:00"), "2026-11-21T01:35:38.000Z");
  EXPECT_EQ(normalized("2026-11-21T03:35:38-0730"), "2026-11-21T11:05:38.000Z");
  EXPECT_EQ(normalized("2026-11-21 03:35:38 +02"), "2026-11-21T01:35:38.000Z");
  EXPECT_EQ(normalized("2024-04-09 21:04:31 UTC"), "2024-04-09T21:04:31.000Z");
  EXPECT_EQ(normalized("2024-02-29"), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(normalized("2024-02-29T12:30Z"), "2024-02-29T12:30:00.000Z");
  EXPECT_EQ(normalized("2024-02-29T12:30:01.123456789Z"), "2024-02-29T12:30:01.123Z");
  EXPECT_EQ(normalized("2024-02-29T12:30:01.1234567890123Z"), "2024-02-29T12:30:01.123Z");
  EXPECT_EQ(normalized("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
  EXPECT_EQ(normalized("2024-01-01T24:00:00Z"), "2024-01-02T00:00:00.000Z");
  EXPECT_EQ(normalized("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
}

TEST(Time, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "2026", "2026-13-01", "2026-02-30", "21.11.2026", "2026-11-21T25:00:00Z",
                                      "2026-11-21T03:60:00Z", "2026-11-21T03:35:38.Z", "2026-11-21T03:35:38X",
                                      "2026-11-21T03:35:38Zx", "2026-11-21T03:35:38+25:00", "2026-11-21T"}) {
    EXPECT_EQ(normalized(text), "encoding.time") << text;
  }
  EXPECT_EQ(normalized("9999-12-31T00:00:00Z"), "encoding.time_range");
  EXPECT_EQ(normalized("0001-01-01"), "encoding.time_range");
}

TEST(Utf8, KnowsWellFormedText) {
  EXPECT_TRUE(is_clean_utf8("caf\xC3\xA9 \xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_clean_utf8("a\0b"s));
  EXPECT_TRUE(is_utf8("a\0b"s));
  for (const std::string_view text : {"\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "a\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Http, EncodesFormsAndFindsHeaders) {
  EXPECT_EQ(form_encode({{"a", "1"}, {"b[c]", "x y&z"}, {"d", "\xC3\xA9~"}}), "a=1&b%5Bc%5D=x%20y%26z&d=%C3%A9~");
  const Headers headers{{"Content-Type", "text/plain"}, {"X-Twice", "1"}, {"x-twice", "2"}};
  EXPECT_EQ(find_header(headers, "content-type"), "text/plain");
  EXPECT_EQ(find_header(headers, "X-TWICE"), "1");
  EXPECT_EQ(find_header(headers, "Content"), std::nullopt);
}

}  // namespace
}  // namespace patchbay::sdk
