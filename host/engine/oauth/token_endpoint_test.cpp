#include "engine/oauth/token_endpoint.hpp"

#include <gtest/gtest.h>

namespace patchbay::oauth {
namespace {

using namespace std::chrono_literals;

const sdk::SystemTime kNow{1'763'700'000s};

sdk::Result<Grant> read(std::string body, int status = 200, const sdk::OAuth2Description& endpoints = {}) {
  return read_grant({status, {}, std::move(body)}, endpoints, kNow);
}

TEST(TokenEndpoint, ReadsTheLifeOfATokenFromWhateverTells) {
  EXPECT_EQ(read(R"({"access_token":"a","expires_in":120})")->tokens.expires_at, kNow + 120s);
  EXPECT_EQ(read(R"({"access_token":"a"})")->tokens.expires_at, kNow + 3600s) << "described";
  sdk::OAuth2Description lasting;
  lasting.tokens_expire = false;
  EXPECT_EQ(read(R"({"access_token":"a"})", 200, lasting)->tokens.expires_at, std::nullopt);
  EXPECT_EQ(read(R"({"access_token":"a","expires_in":43200})", 200, lasting)->tokens.expires_at, kNow + 43200s);
  EXPECT_EQ(read(R"({"access_token":"a","refresh_token":"r","x_refresh_token_expires_in":86400})")->renewable_until,
            kNow + 24h);
  EXPECT_EQ(read(R"({"access_token":"a","refresh_token_expires_in":60})")->renewable_until, kNow + 60s);
  EXPECT_EQ(read(R"({"access_token":"a"})")->renewable_until, std::nullopt);
}

TEST(TokenEndpoint, ReadsScopesHoweverTheyAreSeparated) {
  EXPECT_EQ(read(R"({"access_token":"a","scope":"chat:write,files:read"})")->scopes,
            (std::vector<std::string>{"chat:write", "files:read"}));
  EXPECT_EQ(read(R"({"access_token":"a","scope":"x  y"})")->scopes, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(missing_scopes({"x", "y", "z"}, {"y"}), (std::vector<std::string>{"x", "z"}));
  EXPECT_TRUE(missing_scopes({"x"}, {}).empty()) << "the service does not tell";
}

struct Refused {
  const char* body;
  int status;
  const char* code;
  sdk::ErrorClass error_class;
};

TEST(TokenEndpoint, TellsADeadGrantFromAPassingFaultAndAWrongRequest) {
  sdk::OAuth2Description slack;
  slack.success_member = "ok";
  for (const auto& [body, status, code, error_class] :
       {Refused{R"({"error":"invalid_grant"})", 400, "token.refused", sdk::ErrorClass::kAuth},
        {"nonsense", 401, "token.refused", sdk::ErrorClass::kAuth},
        {R"({"error":"invalid_client"})", 401, "token.rejected", sdk::ErrorClass::kPermanent},
        {R"({"error":"temporarily_unavailable"})", 400, "token.unavailable", sdk::ErrorClass::kTransient},
        {R"({"error":"invalid_grant"})", 503, "token.unavailable", sdk::ErrorClass::kTransient},
        {R"({"error":"invalid_grant"})", 429, "token.rate_limited", sdk::ErrorClass::kRateLimited},
        {R"({"ok":false,"error":"invalid_code"})", 200, "token.refused", sdk::ErrorClass::kAuth},
        {R"({"ok":false,"error":"ratelimited"})", 200, "token.unavailable", sdk::ErrorClass::kTransient},
        {R"({"ok":false,"error":"bad_client_secret"})", 200, "token.rejected", sdk::ErrorClass::kPermanent},
        {R"({"ok":true})", 200, "token.unreadable", sdk::ErrorClass::kTransient}}) {
    const auto grant = read(body, status, slack);
    ASSERT_FALSE(grant.ok()) << body;
    EXPECT_EQ(grant.error().code, code) << body;
    EXPECT_EQ(grant.error().error_class, error_class) << body;
  }
  EXPECT_TRUE(read(R"({"ok":true,"access_token":"xoxb"})", 200, slack).ok());
}

TEST(TokenEndpoint, WaitsAsLongAsTheServiceAsks) {
  EXPECT_EQ(read_grant({429, {{"Retry-After", "42"}}, ""}, {}, kNow).error().retry_after, 42s);
  EXPECT_EQ(read_grant({429, {{"Retry-After", "soon"}}, ""}, {}, kNow).error().retry_after, 10s);
}

TEST(TokenEndpoint, ShowsNothingOfARefusalButAPlainCode) {
  const auto refused = read(R"({"error":"<script>secret-token</script>"})", 400);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message.find("secret-token"), std::string::npos) << refused.error().message;
}

TEST(TokenEndpoint, SendsTheOwnerWithEverythingThatIsDescribed) {
  OAuthClient client;
  client.client_id = "id 1";
  client.endpoints.authorize_url = "https://service.example/authorize?x=1";
  client.endpoints.scopes = {"a", "b"};
  client.endpoints.scope_separator = ",";
  client.endpoints.pkce = true;
  client.endpoints.authorize_parameters = {{"access_type", "offline"}, {"prompt", "consent"}};
  const std::string url = authorize_url(client, "https://hub.example/back", "state-1", "challenge-1");
  EXPECT_EQ(url,
            "https://service.example/authorize?x=1&response_type=code&client_id=id%201&redirect_uri=https%3A%2F%2F"
            "hub.example%2Fback&state=state-1&scope=a%2Cb&code_challenge=challenge-1&code_challenge_method=S256&"
            "access_type=offline&prompt=consent");
}

}  // namespace
}  // namespace patchbay::oauth
