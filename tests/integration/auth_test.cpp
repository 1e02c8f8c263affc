// Signing in, end to end: server, gateway, PostgreSQL, Redis.
#include "engine/oauth/liboauth2_jwt.hpp"
#include "platform/base/ids.hpp"
#include "tests/integration/auth_host.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay {
namespace {

using sdk::json::object;
using testing::ApiAnswer;
using testing::ApiClient;
using testing::AuthHost;
using namespace std::chrono_literals;

constexpr const char* kPassword = "Corr3ct-horse";
constexpr const char* kSecret = "a secret of the tests, long enough for HS256";

class AuthIntegrationTest : public ::testing::Test {
 protected:
  void SetUp() override { testing::TestServers::instance().redis().start(); }

  std::unique_ptr<AuthHost> make_host(AuthHost::Options options = {}) {
    return std::make_unique<AuthHost>(database_.url(), testing::TestServers::instance().redis().url(), clock_,
                                      std::move(options));
  }

  AuthHost& host() {
    if (!host_) host_ = make_host();
    return *host_;
  }

  auth::User add_user(const std::string& email, const std::string& role = "manager", bool must_change = false) {
    auth::UserRequest request;
    request.email = email;
    request.role = role;
    request.password = kPassword;
    request.must_change_password = must_change;
    auto user = auth::create_user(host().database(), host().hasher(), clock_, request);
    EXPECT_TRUE(user.ok()) << user.error().message;
    return user.value_or(auth::User());
  }

  ApiAnswer login(const std::string& email, const std::string& password = kPassword) {
    return host().client().post("/api/v1/auth/login", object{{"email", email}, {"password", password}});
  }

  static ApiClient with_token(AuthHost& host, const std::string& token) {
    ApiClient client = host.client();
    client.set_token(token);
    return client;
  }
  ApiClient signed_in(const ApiAnswer& login) { return with_token(host(), login.at("data.token")); }
  ApiAnswer refresh(const std::string& token) {
    return host().client().post("/api/v1/auth/refresh", object{{"refreshToken", token}});
  }

  std::string value(const std::string& sql, const storage::Params& params = {}) {
    const auto rows = host().database().query(storage::Lane::kInteractive, sql, params);
    EXPECT_TRUE(rows.ok()) << rows.error().message;
    return rows.ok() && !rows->empty() ? std::string(rows->at(0, 0).value_or("")) : "";
  }
  bool audited(const std::string& action) {
    return testing::wait_until(
        [&] { return value("select count(*) from audit_log where action = $1", {action}) != "0"; });
  }

  testing::TestDatabase database_;
  testing::MovedClock clock_;
  std::unique_ptr<AuthHost> host_;
};

TEST_F(AuthIntegrationTest, SignsInByEmailOrUsername) {
  const auto user = add_user("Anna.Smith@office.example");
  EXPECT_EQ(user.username, "anna.smith");
  const auto answer = login("anna.smith@OFFICE.example");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  const auto data = answer.json().at("data").as_object();
  EXPECT_EQ(answer.at("data.user.id"), user.id);
  EXPECT_EQ(data.at("user").at("username"), "anna.smith");
  EXPECT_EQ(data.at("user").at("email"), "Anna.Smith@office.example");
  EXPECT_EQ(data.at("user").at("role"), "manager");
  EXPECT_FALSE(data.contains("client"));
  EXPECT_FALSE(data.at("user").as_object().contains("passwordHash"));
  EXPECT_EQ(answer.body.find("argon2"), std::string::npos);
  EXPECT_TRUE(sdk::parse_time(answer.at("data.expiresAt")).ok());
  EXPECT_TRUE(sdk::parse_time(answer.at("timestamp")).ok());
  const auto by_name = host().client().post("/api/login", object{{"username", "ANNA.smith"}, {"password", kPassword}});
  EXPECT_EQ(by_name.status, 200) << by_name.body;

  const auto me = signed_in(answer).get("/api/v1/auth/me");
  EXPECT_EQ(me.status, 200);
  EXPECT_EQ(me.at("data.user.id"), user.id);
  std::vector<std::string> permissions;
  const auto my_answer = me.json();
  for (const auto& word : my_answer.at("data").at("permissions").as_array()) permissions.emplace_back(word.as_string());
  EXPECT_EQ(permissions, policy::Policy::shipped()->permissions("manager"));
}

TEST_F(AuthIntegrationTest, TheTokenCarriesTheContractsClaims) {
  const auto user = add_user("a@office.example", "admin");
  const auto key = oauth::JwtKey::make(kSecret);
  const auto claims = key->verify(login("a@office.example").at("data.token"));
  ASSERT_TRUE(claims.ok());
  EXPECT_EQ(sdk::string_at(*claims, "sub"), user.id);
  EXPECT_EQ(claims->at("username"), "usera");
  EXPECT_EQ(claims->at("role"), "admin");
  EXPECT_EQ(claims->at("iss"), "patchbay");
  EXPECT_EQ(claims->at("exp").as_int64() - claims->at("iat").as_int64(), 900);
  EXPECT_TRUE(base::is_uuid(std::string(claims->at("sid").as_string())));
}

TEST_F(AuthIntegrationTest, AnswersAlikeForAnUnknownUserAndAWrongPassword) {
  add_user("a@office.example");
  const auto wrong = login("a@office.example", "Wr0ng-password");
  const auto unknown = login("nobody@office.example", "Wr0ng-password");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  auto first = wrong.json().as_object();
  auto second = unknown.json().as_object();
  first.erase("requestId");
  second.erase("requestId");
  EXPECT_EQ(first, second);
  EXPECT_EQ(first.at("message"), "Invalid credentials");
  EXPECT_TRUE(audited("login.failed"));
  EXPECT_TRUE(testing::wait_until(
      [&] { return value("select count(*) from audit_log where action = 'login.failed'") == "2"; }));
  EXPECT_EQ(value("select count(*) from audit_log where details::text like '%Wr0ng%'"), "0");
  EXPECT_THAT(host().metrics().render(), ::testing::HasSubstr("patchbay_auth_sign_ins_total{result=\"failed\"} 2"));
}

TEST_F(AuthIntegrationTest, NamesMissingFieldsAllAtOnce) {
  const auto answer = host().client().post("/api/v1/auth/login", object{{"email", 7}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.json().at("errors").as_array().size(), 2U);
  EXPECT_EQ(answer.at("errors[0].field"), "email");
  EXPECT_EQ(answer.at("errors[1].field"), "password");
}

TEST_F(AuthIntegrationTest, ADisabledUserDoesNotGetInNorStayIn) {
  const auto user = add_user("a@office.example");
  const auto answer = login("a@office.example");
  value("update users set status = 'DISABLED' where id = $1 returning 1", {user.id});
  EXPECT_EQ(login("a@office.example").status, 401);
  EXPECT_EQ(refresh(answer.at("data.refreshToken")).status, 401);
  host().directory().user_changed(user.id);
  EXPECT_EQ(signed_in(answer).get("/api/v1/auth/me").at("code"), "auth.session_ended");
}

TEST_F(AuthIntegrationTest, WhoListensHearsOfEndedSessionsAndChangedUsers) {
  const auto user = add_user("a@office.example");
  std::mutex mutex;
  std::set<std::string> heard;  // each perhaps twice: here, and as an echo from Redis
  const auto note = [&](const std::string& what) {
    const std::lock_guard lock(mutex);
    heard.insert(what);
  };
  host().directory().tell([&](const std::string& id) { note("ended " + id); },
                          [&](const std::string& id) { note("changed " + id); });
  const auto client = signed_in(login("a@office.example"));
  const std::string session = value("select id::text from sessions where user_id = $1", {user.id});
  EXPECT_EQ(client.send("POST", "/api/v1/auth/logout", "").status, 200);
  host().directory().user_changed(user.id);
  host().directory().stop();
  EXPECT_EQ(heard, (std::set<std::string>{"ended " + session, "changed " + user.id}));
}

TEST_F(AuthIntegrationTest, ATokenEndsAfterFifteenMinutes) {
  add_user("a@office.example");
  const auto client = signed_in(login("a@office.example"));
  clock_.advance(14min);
  EXPECT_EQ(client.get("/api/v1/auth/me").status, 200);
  clock_.advance(1min + 1s);
  const auto late = client.get("/api/v1/auth/me");
  EXPECT_EQ(late.status, 401);
  EXPECT_EQ(late.at("code"), "auth.token_expired");
  EXPECT_NE(late.header("WWW-Authenticate"), "");
}

TEST_F(AuthIntegrationTest, RefusesForgedTokens) {
  const auto user = add_user("a@office.example");
  const auto other = add_user("b@office.example", "admin");
  const auto answer = login("a@office.example");
  const auto key = oauth::JwtKey::make(kSecret);
  const object real = *key->verify(answer.at("data.token"));
  const auto status_of = [&](const object& claims) {
    return with_token(host(), *key->sign(claims)).get("/api/v1/auth/me").status;
  };
  EXPECT_EQ(status_of(real), 200);
  object forged = real;
  forged["sub"] = other.id;
  EXPECT_EQ(status_of(forged), 401);
  forged = real;
  forged.erase("sid");
  EXPECT_EQ(status_of(forged), 401);
  forged = real;
  forged["sid"] = base::new_uuid();
  EXPECT_EQ(status_of(forged), 401);
  forged = real;
  forged["iss"] = "somebody";
  EXPECT_EQ(status_of(forged), 401);
  forged = real;
  forged["exp"] = "never";
  EXPECT_EQ(status_of(forged), 401);
  forged = real;
  forged["role"] = "admin";  // the row decides, not the token
  EXPECT_EQ(with_token(host(), *key->sign(forged)).get("/api/v1/auth/me").at("data.user.role"), "manager");
  const auto foreign = oauth::JwtKey::make("another secret, of the same length.......");
  EXPECT_EQ(with_token(host(), *foreign->sign(real)).get("/api/v1/auth/me").status, 401);
  EXPECT_EQ(host().client().get("/api/v1/auth/me").at("message"), "No token provided");
  EXPECT_EQ(host().client().get("/api/v1/auth/me", {{"Authorization", "Basic YTpi"}}).status, 401);
}

TEST_F(AuthIntegrationTest, ARefreshTokenWorksOnceAndItsReuseEndsTheSession) {
  add_user("a@office.example");
  const auto first = login("a@office.example");
  const auto second = refresh(first.at("data.refreshToken"));
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_NE(second.at("data.refreshToken"), first.at("data.refreshToken"));
  EXPECT_EQ(signed_in(second).get("/api/v1/auth/me").status, 200);

  const auto reused = refresh(first.at("data.refreshToken"));
  EXPECT_EQ(reused.status, 401);
  EXPECT_EQ(reused.at("code"), "auth.invalid_refresh_token");
  EXPECT_EQ(signed_in(second).get("/api/v1/auth/me").status, 401);
  EXPECT_EQ(signed_in(first).get("/api/v1/auth/me").status, 401);
  EXPECT_EQ(refresh(second.at("data.refreshToken")).status, 401);
  EXPECT_TRUE(audited("refresh.reused"));
  EXPECT_EQ(value("select revoked_reason from sessions"), "refresh_token_reuse");
}

TEST_F(AuthIntegrationTest, RefreshTokensAreKeptHashedOnly) {
  add_user("a@office.example");
  const std::string token = login("a@office.example").at("data.refreshToken");
  EXPECT_EQ(value("select count(*) from refresh_tokens where token_hash = sha256(convert_to($1, 'UTF8'))", {token}),
            "1");
  EXPECT_EQ(refresh("no such token").status, 401);
  EXPECT_EQ(refresh(std::string(5000, 'x')).status, 401);
}

TEST_F(AuthIntegrationTest, AnIdleSessionEndsAfterSevenDays) {
  add_user("a@office.example");
  const auto first = login("a@office.example");
  clock_.advance(24h * 6);
  const auto second = refresh(first.at("data.refreshToken"));
  ASSERT_EQ(second.status, 200);
  clock_.advance(24h * 6);
  const auto third = refresh(second.at("data.refreshToken"));
  ASSERT_EQ(third.status, 200);
  clock_.advance(24h * 7 + 1s);
  EXPECT_EQ(refresh(third.at("data.refreshToken")).status, 401);
}

TEST_F(AuthIntegrationTest, LogoutEndsAccessAndRefresh) {
  add_user("a@office.example");
  const auto answer = login("a@office.example");
  const auto client = signed_in(answer);
  EXPECT_EQ(client.get("/api/v1/auth/me").status, 200);
  EXPECT_EQ(client.send("POST", "/api/v1/auth/logout", "").status, 200);
  EXPECT_EQ(client.get("/api/v1/auth/me").status, 401);
  EXPECT_EQ(refresh(answer.at("data.refreshToken")).status, 401);
}

TEST_F(AuthIntegrationTest, OneSeesAndEndsOnesOwnSessionsOnly) {
  add_user("a@office.example");
  add_user("b@office.example");
  const auto phone = login("a@office.example");
  const auto desk = login("a@office.example");
  const auto stranger = login("b@office.example");
  const auto list = signed_in(desk).get("/api/v1/auth/sessions").json().at("data").as_array();
  ASSERT_EQ(list.size(), 2U);
  std::string phone_id;
  for (const auto& session : list) {
    EXPECT_EQ(session.at("address"), "127.0.0.1");
    if (!session.at("current").as_bool()) phone_id = std::string(session.at("id").as_string());
  }
  EXPECT_EQ(signed_in(stranger).send("DELETE", "/api/v1/auth/sessions/" + phone_id, "").status, 404);
  EXPECT_EQ(signed_in(phone).get("/api/v1/auth/me").status, 200);
  EXPECT_EQ(signed_in(desk).send("DELETE", "/api/v1/auth/sessions/" + phone_id, "").status, 204);
  EXPECT_EQ(signed_in(phone).get("/api/v1/auth/me").status, 401);
  EXPECT_EQ(signed_in(desk).get("/api/v1/auth/me").status, 200);
  EXPECT_EQ(signed_in(desk).send("DELETE", "/api/v1/auth/sessions/7", "").at("code"), "request.bad_uuid");
}

TEST_F(AuthIntegrationTest, AnotherHostSeesTheEndOfASession) {
  add_user("a@office.example");
  const auto answer = login("a@office.example");
  const auto other = make_host();
  const auto there = with_token(*other, answer.at("data.token"));
  EXPECT_EQ(there.get("/api/v1/auth/me").status, 200);
  EXPECT_EQ(signed_in(answer).send("POST", "/api/v1/auth/logout", "").status, 200);
  // Well before the thirty seconds after which it would look for itself.
  EXPECT_TRUE(testing::wait_until([&] { return there.get("/api/v1/auth/me").status == 401; }, 5s));
}

TEST_F(AuthIntegrationTest, AHostThatHearsNothingLooksForItself) {
  add_user("a@office.example");
  const auto answer = login("a@office.example");
  const auto client = signed_in(answer);
  EXPECT_EQ(client.get("/api/v1/auth/me").status, 200);
  value("update sessions set revoked_at = now() returning 1");  // by hand: nobody is told
  EXPECT_EQ(client.get("/api/v1/auth/me").status, 200);
  clock_.advance(31s);
  EXPECT_EQ(client.get("/api/v1/auth/me").status, 401);
}

TEST_F(AuthIntegrationTest, SignsInWhileRedisIsAway) {
  add_user("a@office.example");
  testing::TestServers::instance().redis().stop();
  const auto answer = login("a@office.example");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(signed_in(answer).get("/api/v1/auth/me").status, 200);
  EXPECT_EQ(signed_in(answer).send("POST", "/api/v1/auth/logout", "").status, 200);
  EXPECT_EQ(signed_in(answer).get("/api/v1/auth/me").status, 401);
}

TEST_F(AuthIntegrationTest, AChangedPasswordEndsTheOtherSessions) {
  add_user("a@office.example");
  const auto here = login("a@office.example");
  const auto there = login("a@office.example");
  const auto change = [&](const std::string& current, const std::string& next) {
    return signed_in(here).post("/api/v1/auth/change-password",
                                object{{"currentPassword", current}, {"newPassword", next}});
  };
  EXPECT_EQ(change("Wr0ng-password", "N3w-password").at("errors[0].field"), "currentPassword");
  EXPECT_EQ(change(kPassword, "weak").at("code"), "auth.weak_password");
  EXPECT_EQ(change(kPassword, kPassword).at("code"), "auth.same_password");
  EXPECT_EQ(change(kPassword, "N3w-password").status, 200);
  EXPECT_EQ(signed_in(here).get("/api/v1/auth/me").status, 200);
  EXPECT_EQ(signed_in(there).get("/api/v1/auth/me").status, 401);
  EXPECT_EQ(login("a@office.example").status, 401);
  EXPECT_EQ(login("a@office.example", "N3w-password").status, 200);
  EXPECT_TRUE(audited("password.changed"));
}

TEST_F(AuthIntegrationTest, AGivenPasswordMustBeChangedFirst) {
  add_user("a@office.example", "admin", true);
  const auto answer = login("a@office.example");
  EXPECT_TRUE(answer.json().at("data").at("passwordChangeRequired").as_bool());
  const auto client = signed_in(answer);
  EXPECT_EQ(client.get("/api/v1/auth/sessions").at("code"), "auth.password_change_required");
  EXPECT_EQ(
      client
          .post("/api/v1/auth/change-password", object{{"currentPassword", kPassword}, {"newPassword", "N3w-password"}})
          .status,
      200);
  EXPECT_EQ(client.get("/api/v1/auth/sessions").status, 200);
}

TEST_F(AuthIntegrationTest, AnAdministratorsPasswordGetsTooOld) {
  add_user("a@office.example", "admin");
  add_user("m@office.example", "manager");
  clock_.advance(24h * 91);
  EXPECT_EQ(signed_in(login("a@office.example")).get("/api/v1/auth/sessions").status, 403);
  EXPECT_EQ(signed_in(login("m@office.example")).get("/api/v1/auth/sessions").status, 200);
}

TEST_F(AuthIntegrationTest, AnOldHashIsReplacedAtSignIn) {
  const auto user = add_user("a@office.example");
  auth::PasswordSettings old_settings;
  old_settings.memory_bytes = 64 * 1024;
  old_settings.passes = 1;
  const auto old_hash = auth::PasswordHasher(old_settings).hash(kPassword);
  value("update users set password_hash = $2 where id = $1 returning 1", {user.id, *old_hash});
  EXPECT_EQ(login("a@office.example").status, 200);
  EXPECT_THAT(value("select password_hash from users where id = $1", {user.id}), ::testing::HasSubstr("m=19456,t=2"));
  EXPECT_EQ(login("a@office.example").status, 200);
}

TEST_F(AuthIntegrationTest, TheSixthSignInWithinAMinuteIsRefused) {
  AuthHost::Options options;
  options.limits.auth_per_minute = 5;
  host_ = make_host(std::move(options));
  add_user("a@office.example");
  for (int index = 0; index < 5; ++index) EXPECT_EQ(login("a@office.example", "Wr0ng-password").status, 401);
  const auto refused = login("a@office.example");
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.header("Retry-After"), "");
  EXPECT_TRUE(audited("limit.exceeded"));
  clock_.advance(2min);
  EXPECT_EQ(login("a@office.example").status, 200);
}

TEST_F(AuthIntegrationTest, RegistersAUserWithHisClient) {
  const object body{{"email", "carl@home.example"}, {"password", kPassword}, {"name", "Carl Jones"}};
  const auto answer = host().client().post("/api/v1/auth/register", body);
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.at("message"), "User created successfully");
  EXPECT_EQ(answer.at("data.user.role"), "customer_admin");
  EXPECT_EQ(answer.at("data.user.username"), "carl.jones");
  EXPECT_EQ(answer.at("data.client.type"), "INDIVIDUAL");
  EXPECT_EQ(answer.at("data.client.id"), answer.at("data.user.clientId"));
  EXPECT_EQ(signed_in(answer).get("/api/v1/auth/me").at("data.client.name"), "Carl Jones");

  const auto again = host().client().post("/api/register", body);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.at("code"), "auth.email_taken");
  EXPECT_EQ(value("select count(*) from clients"), "1");
  object namesake = body;
  namesake["email"] = "other.carl@home.example";
  namesake["company"] = "Jones Ltd";
  const auto second = host().client().post("/api/v1/auth/register", namesake);
  ASSERT_EQ(second.status, 201) << second.body;
  EXPECT_NE(second.at("data.user.username"), "carl.jones");
  EXPECT_EQ(second.at("data.client.type"), "BUSINESS");
  object greedy = body;
  greedy["role"] = "admin";
  greedy["email"] = "third@home.example";
  EXPECT_EQ(host().client().post("/api/v1/auth/register", greedy).at("errors[0].field"), "role");
  object weak = body;
  weak["email"] = "fourth@home.example";
  weak["password"] = "weak";
  EXPECT_EQ(host().client().post("/api/v1/auth/register", weak).at("message"),
            "Password must be at least 8 characters and contain uppercase, lowercase, number, and special character");
}

TEST_F(AuthIntegrationTest, TheFirstStartMakesOneAdministrator) {
  const auto first = auth::create_first_admin(host().database(), host().hasher(), clock_, "admin@office.example", "");
  ASSERT_TRUE(first.ok()) << first.error().message;
  ASSERT_TRUE(first->has_value());
  ASSERT_TRUE((*first)->generated_password);
  EXPECT_TRUE(auth::check_password_rule(*(*first)->generated_password).ok());
  const auto answer = login("admin@office.example", *(*first)->generated_password);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.json().at("data").at("passwordChangeRequired").as_bool());
  const auto second =
      auth::create_first_admin(host().database(), host().hasher(), clock_, "other@office.example", kPassword);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->has_value());
}

TEST_F(AuthIntegrationTest, ChecksAUserBeforeMakingHim) {
  add_user("a@office.example");
  auth::UserRequest request;
  request.email = "A@office.example";
  request.username = "another";
  request.role = "TECH";
  request.password = kPassword;
  EXPECT_EQ(auth::create_user(host().database(), host().hasher(), clock_, request).error().code, "auth.email_taken");
  request.email = "t@office.example";
  const auto made = auth::create_user(host().database(), host().hasher(), clock_, request);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->role, "technician");
  request.email = "not an address";
  request.username = "x y";
  request.role = "king";
  request.password = "weak";
  std::vector<std::string> fields;
  for (const auto& error : auth::check_user(request)) fields.push_back(error.field.value_or(""));
  EXPECT_THAT(fields, ::testing::ElementsAre("email", "username", "role", "password"));
}

}  // namespace
}  // namespace patchbay
