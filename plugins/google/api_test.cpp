// What Google's answers mean, the token, the scopes; and the contract that every connector keeps.
#include "api.hpp"

#include "google_test_fixture.hpp"
#include "scopes.hpp"

#include <patchbay/sdk/testing/contract.hpp>

namespace patchbay::google {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Class = sdk::ErrorClass;

PATCHBAY_CONTRACT_SUITE(GoogleContract, patchbay_plugin)

sdk::Error error(int status, const char* reason, sdk::Headers headers = {}) {
  const json::object body{
      {"error", {{"code", status}, {"message", "told"}, {"errors", json::array{json::object{{"reason", reason}}}}}}};
  return error_of({status, std::move(headers), json::serialize(body)});
}

TEST(GoogleErrors, ForbiddenMayBeARateLimit) {
  EXPECT_EQ(error(403, "userRateLimitExceeded").error_class, Class::kRateLimited);
  EXPECT_EQ(error(403, "rateLimitExceeded", {{"Retry-After", "7"}}).retry_after, std::chrono::seconds(7));
  EXPECT_EQ(error(429, "rateLimitExceeded").error_class, Class::kRateLimited);
  EXPECT_GE(*error(403, "dailyLimitExceeded").retry_after, std::chrono::hours(1));
  EXPECT_GE(*error(403, "quotaExceeded").retry_after, std::chrono::hours(1));
  EXPECT_EQ(error(403, "storageQuotaExceeded").error_class, Class::kPermanent);
  EXPECT_EQ(error(403, "accessNotConfigured").error_class, Class::kPermanent);
  EXPECT_EQ(error(403, "insufficientPermissions").code, "google.scope_missing");
}

TEST(GoogleErrors, TheReasonAlsoStandsInDetails) {
  const json::object body{{"error",
                           {{"code", 403},
                            {"status", "PERMISSION_DENIED"},
                            {"details", json::array{json::object{{"@type", "x"}},
                                                    json::object{{"reason", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}}}}}}};
  EXPECT_EQ(error_of({403, {}, json::serialize(body)}).code, "google.scope_missing");
}

TEST(GoogleErrors, GoneHasThreeMeanings) {
  EXPECT_EQ(error(410, "fullSyncRequired").code, "google.full_sync_required");
  EXPECT_EQ(error(410, "updatedMinTooLongAgo").code, "google.full_sync_required");
  EXPECT_EQ(error(410, "deleted").error_class, Class::kNotFound);
}

TEST(GoogleErrors, OthersByTheirMeaning) {
  EXPECT_EQ(error(409, "duplicate").code, "google.duplicate");
  EXPECT_EQ(error(412, "conditionNotMet").error_class, Class::kConflict);
  EXPECT_EQ(error(400, "failedPrecondition").error_class, Class::kPermanent);
  EXPECT_EQ(error(400, "timeRangeEmpty").error_class, Class::kInvalid);
  EXPECT_EQ(error(503, "backendError").error_class, Class::kTransient);
  EXPECT_EQ(error(404, "notFound").error_class, Class::kNotFound);
  EXPECT_EQ(error_of({404, {}, "<html></html>"}).error_class, Class::kTransient);
}

class GoogleAccess : public GoogleTest {};

TEST_F(GoogleAccess, ARefusedTokenIsRenewedOnce) {
  http().reply_json(failure(401, "authError"), 401);
  http().reply_json({{"id", "e"}, {"etag", "1"}});
  ASSERT_TRUE(client().get({}, "events", "e").ok());
  EXPECT_EQ(host_.tokens().renewals(), 1);
  http().reply_json(failure(401, "authError"), 401);
  http().reply_json(failure(401, "authError"), 401);
  EXPECT_EQ(client().get({}, "events", "e").error().error_class, Class::kAuth);
}

TEST_F(GoogleAccess, EachApiHasItsHostUntilAnAddressIsGiven) {
  http().reply_json({{"id", "e"}});
  ASSERT_TRUE(client().get({}, "events", "e").ok());
  EXPECT_EQ(last_url(), "https://www.googleapis.com/calendar/v3/calendars/primary/events/e");
  http().reply_json({{"id", "m"}});
  ASSERT_TRUE(client().get({}, "messages", "m").ok());
  EXPECT_THAT(last_url(), HasSubstr("https://gmail.googleapis.com/gmail/v1/users/me/messages/m"));
  http().reply_json({{"id", "m"}});
  ASSERT_TRUE(client({{"apiBase", "http://127.0.0.1:1/google/"}}).get({}, "messages", "m").ok());
  EXPECT_THAT(last_url(), HasSubstr("http://127.0.0.1:1/google/gmail/v1/users/me/messages/m"));
}

TEST_F(GoogleAccess, TheTokenNeverStandsInAUrl) {
  http().reply_json({{"scope", "openid"}, {"email", "me@example.com"}});
  EXPECT_EQ(client().authenticate({})->account_id, "me@example.com");
  EXPECT_THAT(last_url(), Not(HasSubstr("token-1")));
  EXPECT_EQ(http().last_request().body, "access_token=token-1");
}

TEST_F(GoogleAccess, AnUntickedPermissionIsNamed) {
  http().reply_json(
      {{"scope", "openid https://www.googleapis.com/auth/calendar https://www.googleapis.com/auth/drive.file"},
       {"email", "me@example.com"}});
  const auto health = client().health_check({});
  ASSERT_TRUE(health.ok());
  EXPECT_TRUE(health->healthy);
  ASSERT_EQ(health->notices.size(), 1u);
  EXPECT_THAT(health->notices[0], HasSubstr("auth/gmail.modify"));
  EXPECT_EQ(health->details.at("missing").as_array().size(), 1u) << "calendar covers calendar.events";
}

TEST_F(GoogleAccess, AskesForARefreshTokenAndProvesWhoCameBack) {
  const auto oauth = *plugin_->describe().oauth2;
  EXPECT_TRUE(oauth.pkce);
  EXPECT_FALSE(oauth.rotates_refresh_token) << "the refresh token comes once and stays";
  EXPECT_THAT(oauth.revoke_url, IsEmpty()) << "it would end every grant of the project";
  const auto& parameters = oauth.authorize_parameters;
  EXPECT_THAT(parameters, ::testing::Contains(std::pair<std::string, std::string>("access_type", "offline")));
  EXPECT_THAT(parameters, ::testing::Contains(std::pair<std::string, std::string>("prompt", "consent")));
}

TEST(GoogleScopes, AWiderOneCovers) {
  EXPECT_THAT(missing_scopes({"https://mail.google.com/"}, {kGmailScope}), IsEmpty());
  EXPECT_EQ(missing_scopes({}, {kGmailScope}), std::vector<std::string>{kGmailScope});
  EXPECT_EQ(split_scopes("  a b\tc "), (std::vector<std::string>{"a", "b", "c"}));
}

}  // namespace
}  // namespace patchbay::google
