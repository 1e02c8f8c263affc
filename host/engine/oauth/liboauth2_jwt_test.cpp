#include "engine/oauth/liboauth2_jwt.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gtest/gtest.h>

namespace patchbay::oauth {
namespace {

constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";

std::string compact(std::string_view header, std::string_view payload, std::string_view signature) {
  return sdk::base64url_encode(header) + "." + sdk::base64url_encode(payload) + "." + std::string(signature);
}

TEST(JwtKeyTest, SignsWhatItVerifies) {
  const auto key = JwtKey::make(kKey);
  ASSERT_TRUE(key.ok());
  const auto token = key->sign({{"sub", "u-1"}, {"exp", 1'900'000'000}});
  ASSERT_TRUE(token.ok());
  const auto claims = key->verify(*token);
  ASSERT_TRUE(claims.ok()) << claims.error().code;
  EXPECT_EQ(claims->at("sub"), "u-1");
  EXPECT_EQ(claims->at("exp"), 1'900'000'000);
  const std::string header = *sdk::base64_decode(token->substr(0, token->find('.')));
  EXPECT_EQ(sdk::parse_json(header)->at("alg"), "HS256");
}

/// The example of RFC 7515, appendix A.1: made by somebody else.
TEST(JwtKeyTest, VerifiesTheExampleOfTheStandard) {
  const auto raw =
      sdk::base64_decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  const auto key = JwtKey::make(*raw);
  ASSERT_TRUE(key.ok());
  const auto claims = key->verify(
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9"
      "pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  ASSERT_TRUE(claims.ok()) << claims.error().code;
  EXPECT_EQ(claims->at("iss"), "joe");
}

TEST(JwtKeyTest, RefusesAnotherKeyAndEveryChangedByte) {
  const auto key = JwtKey::make(kKey);
  const auto other = JwtKey::make("another key, also of thirty-two b");
  const std::string token = *key->sign({{"sub", "u-1"}});
  EXPECT_EQ(other->verify(token).error().code, "jwt.signature");
  for (std::size_t index = 0; index + 1 < token.size(); ++index) {
    if (token[index + 1] == '.') continue;  // the last digit of a part may carry unused bits
    std::string changed = token;
    changed[index] = changed[index] == 'A' ? 'B' : 'A';
    if (changed == token) continue;
    EXPECT_FALSE(key->verify(changed).ok()) << "position " << index;
  }
}

TEST(JwtKeyTest, RefusesOtherAlgorithms) {
  const auto key = JwtKey::make(kKey);
  EXPECT_EQ(key->verify(compact(R"({"alg":"none"})", R"({"sub":"u-1"})", "")).error().code, "jwt.algorithm");
  EXPECT_EQ(key->verify(compact(R"({"alg":"HS512"})", R"({"sub":"u-1"})", "AAAA")).error().code, "jwt.algorithm");
  EXPECT_EQ(key->verify(compact(R"({"alg":"RS256"})", R"({"sub":"u-1"})", "AAAA")).error().code, "jwt.algorithm");
}

TEST(JwtKeyTest, RefusesWhatIsNoToken) {
  const auto key = JwtKey::make(kKey);
  for (const std::string token : {"", ".", "..", "a.b", "a.b.c", "a.b.c.d", "e30.e30.e30", "%%%.e30.e30"}) {
    EXPECT_FALSE(key->verify(token).ok()) << token;
  }
  EXPECT_EQ(key->verify(std::string(100'000, 'a')).error().code, "jwt.malformed");
}

TEST(JwtKeyTest, NeedsALongKey) {
  EXPECT_EQ(JwtKey::make("short").error().code, "jwt.short_key");
}

}  // namespace
}  // namespace patchbay::oauth
