// A rotating refresh token is used once: by many threads of many processes, through crashes and a database that goes
// away.
#include "engine/oauth/liboauth2_client_auth.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/ids.hpp"
#include "platform/outbound/outbound_http.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/integration/token_fixture.hpp"
#include "tests/support/program.hpp"
#include "tests/support/socket_server.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;

/// A token endpoint that takes every refresh token once, or as often as `reusable` says.
class TokenEndpoint {
 public:
  TokenEndpoint() : server_([this](SocketServer::Peer& peer) { serve(peer); }) {}
  std::string url() const { return server_.url("/token"); }
  int calls() const { return calls_; }
  std::string last_body() const {
    const std::lock_guard lock(mutex_);
    return last_body_;
  }

  std::atomic<bool> reusable{false};
  std::function<void()> before_answer;
  std::function<std::string()> answer_instead;

 private:
  void serve(SocketServer::Peer& peer) {
    while (const auto request = peer.read_request()) {
      const int call = ++calls_;
      std::string body;
      {
        const std::lock_guard lock(mutex_);
        last_body_ = request->substr(request->find("\r\n\r\n") + 4);
        const bool known = last_body_.find("refresh_token=" + expected_) != std::string::npos ||
                           last_body_.find("grant_type=client_credentials") != std::string::npos;
        const bool again = reusable && last_body_.find("refresh_token=" + used_) != std::string::npos;
        if (known || again) {
          if (known) used_ = std::exchange(expected_, "refresh-" + std::to_string(call));
          body = R"({"access_token":"access-)" + std::to_string(call) + R"(","refresh_token":")" + expected_ +
                 R"(","expires_in":3600})";
        }
      }
      if (before_answer) before_answer();
      if (answer_instead) {
        peer.answer(answer_instead());
      } else if (!body.empty()) {
        peer.answer(body);
      } else {
        const std::string refusal = R"({"error":"invalid_grant"})";
        peer.write("HTTP/1.1 400 Bad Request\r\nContent-Length: " + std::to_string(refusal.size()) + "\r\n\r\n" +
                   refusal);
      }
    }
  }

  mutable std::mutex mutex_;
  std::string expected_ = "refresh-0", used_ = "none", last_body_;
  std::atomic<int> calls_{0};
  SocketServer server_;
};

class TokenTest : public ::testing::Test {
 protected:
  TokenTest() : pool_(pool_settings(database_.url()), metrics_), http_({}, metrics_) {
    id_ = base::new_uuid();
    EXPECT_TRUE(pool_
                    .query(storage::Lane::kWorker,
                           "insert into connections (id, connector, name, state) values ($1, 'jobber', 'main', "
                           "'connected')",
                           {id_})
                    .ok());
    oauth::Grant expired;
    expired.tokens = {"access-0", "refresh-0", clock_.now() - 1h};
    give(expired);
  }
  static storage::PgPoolSettings pool_settings(const std::string& url) {
    storage::PgPoolSettings settings;
    settings.url = url;
    return settings;
  }
  void give(const oauth::Grant& grant) {
    oauth::TokenService service(pool_, box_, http_, clock_);
    const auto stored = pool_.transaction(
        storage::Lane::kWorker, [&](storage::Session& session) { return service.store(session, id_, grant); });
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
  std::string text(std::string_view sql) {
    const auto rows = pool_.query(storage::Lane::kWorker, sql, {id_});
    if (!rows.ok()) return "error " + rows.error().code;
    return rows->empty() ? "" : std::string(rows->at(0, 0).value_or(""));
  }
  std::string outcomes() {
    return text(
        "select coalesce(string_agg(outcome, ' ' order by id), '') from token_journal where connection_id = $1");
  }
  std::string state() { return text("select state from connections where id = $1"); }
  std::string reason() { return text("select state_reason from connections where id = $1"); }
  void start(Program& worker, const std::string& threads, bool dies = false) {
    std::vector<std::string> arguments{built_program("tests/token_worker"), database_.url(), endpoint_.url(), id_,
                                       threads};
    if (dies) arguments.push_back("die");
    worker.start(arguments);
  }
  sdk::Result<std::string> ask(oauth::TokenService& service, std::string_view rejected = {}) {
    return service.current({}, token_subject(id_, endpoint_.url()), rejected);
  }

  oauth::OAuthLibrary library_;
  TestDatabase database_;
  base::Metrics metrics_;
  storage::PgPool pool_;
  outbound::OutboundHttp http_;
  base::SystemClock clock_;
  base::SecretBox box_ = token_box();
  TokenEndpoint endpoint_;
  std::string id_;
};

std::vector<std::string> tokens_of(const std::string& log) {
  std::vector<std::string> tokens;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("token ")) tokens.push_back(line.substr(6));
  }
  return tokens;
}

TEST_F(TokenTest, EightThreadsOfThreeProcessesMakeOneCall) {
  std::list<Program> workers;
  for (int index = 0; index < 3; ++index) start(workers.emplace_back("token_worker"), "8");
  std::vector<std::string> tokens;
  for (Program& worker : workers) {
    EXPECT_EQ(worker.wait(60s), 0) << worker.log();
    const auto some = tokens_of(worker.log());
    tokens.insert(tokens.end(), some.begin(), some.end());
  }
  EXPECT_EQ(tokens, std::vector<std::string>(24, "access-1"));
  EXPECT_EQ(endpoint_.calls(), 1);
  EXPECT_EQ(outcomes(), "started stored");
  EXPECT_EQ(state(), "connected");
}

TEST_F(TokenTest, ACrashBetweenAnswerAndSaveIsHealedWhereTheServiceTakesTheTokenAgain) {
  endpoint_.reusable = true;
  Program dying("token_worker");
  start(dying, "1", true);
  EXPECT_EQ(dying.wait(60s), std::nullopt) << "it dies of a signal";
  EXPECT_EQ(endpoint_.calls(), 1);
  EXPECT_EQ(outcomes(), "started") << "the intent outlives the crash";
  Program next("token_worker");
  start(next, "2");
  ASSERT_EQ(next.wait(60s), 0) << next.log();
  EXPECT_EQ(tokens_of(next.log()), (std::vector<std::string>{"access-2", "access-2"}));
  EXPECT_EQ(outcomes(), "started started stored");
  EXPECT_TRUE(next.log().find("cut off") != std::string::npos) << next.log();
  EXPECT_TRUE(text("select detail from token_journal where connection_id = $1 order by id desc limit 1")
                  .starts_with("after one cut off at 2"));
  EXPECT_EQ(state(), "connected");
}

TEST_F(TokenTest, ACrashBetweenAnswerAndSaveIsNamedWhereTheServiceRefusesTheTokenAgain) {
  Program dying("token_worker");
  start(dying, "1", true);
  EXPECT_EQ(dying.wait(60s), std::nullopt);
  oauth::TokenService service(pool_, box_, http_, clock_);
  const auto token = ask(service);
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(token.error().code, "token.needs_reauth");
  EXPECT_EQ(state(), "needs_reconnect");
  EXPECT_NE(reason().find("(400, invalid_grant)"), std::string::npos) << reason();
  EXPECT_NE(reason().find("had ended before its answer was saved (started)"), std::string::npos) << reason();
  EXPECT_EQ(outcomes(), "started started refused");
}

TEST_F(TokenTest, ADatabaseThatGoesAwayBeforeTheSaveLosesNothing) {
  endpoint_.before_answer = [this] { database_.end_sessions(); };
  oauth::TokenService service(pool_, box_, http_, clock_);
  const auto token = ask(service);
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(*token, "access-1");
  endpoint_.before_answer = nullptr;
  oauth::TokenService other(pool_, box_, http_, clock_);
  const auto seen = ask(other);
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(*seen, "access-1");
  EXPECT_EQ(endpoint_.calls(), 1);
  EXPECT_EQ(outcomes(), "started stored");
}

TEST_F(TokenTest, WithoutAWrittenIntentNoTokenIsSent) {
  ASSERT_TRUE(
      pool_.query(storage::Lane::kWorker, "alter table token_journal add constraint shut check (outcome <> 'started')")
          .ok());
  oauth::TokenService service(pool_, box_, http_, clock_);
  EXPECT_FALSE(ask(service).ok());
  EXPECT_EQ(endpoint_.calls(), 0);
  EXPECT_EQ(state(), "connected");
}

TEST_F(TokenTest, ACallerThatGivesUpDoesNotBreakTheRefreshOff) {
  std::promise<void> given_up;
  endpoint_.before_answer = [&] { given_up.get_future().wait_for(10s); };
  oauth::TokenService service(pool_, box_, http_, clock_);
  const sdk::CallContext context;
  std::thread asking([&] { (void)service.current(context, token_subject(id_, endpoint_.url()), {}); });
  EXPECT_TRUE(wait_until([this] { return endpoint_.calls() == 1; }));
  context.cancel.cancel();
  given_up.set_value();
  asking.join();
  EXPECT_EQ(outcomes(), "started stored");
  EXPECT_EQ(ask(service).value_or(""), "access-1");
}

TEST_F(TokenTest, ARejectedTokenIsRenewedUnlessSomebodyHasDoneIt) {
  oauth::TokenService service(pool_, box_, http_, clock_);
  ASSERT_EQ(ask(service).value_or(""), "access-1");
  EXPECT_EQ(ask(service, "access-0").value_or(""), "access-1") << "somebody has done it";
  EXPECT_EQ(ask(service, "access-1").value_or(""), "access-2");
  EXPECT_EQ(endpoint_.calls(), 2);
}

TEST_F(TokenTest, ATokenWithoutEndAndWithoutRefreshLivesUntilItIsRefused) {
  oauth::Grant lasting;
  lasting.tokens.access_token = "bot-token";
  give(lasting);
  oauth::TokenService service(pool_, box_, http_, clock_);
  EXPECT_EQ(ask(service).value_or(""), "bot-token");
  const auto refused = ask(service, "bot-token");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "token.needs_reauth");
  EXPECT_EQ(state(), "needs_reconnect");
  EXPECT_EQ(reason(), "the service no longer accepts the access token; connect it again");
  EXPECT_EQ(endpoint_.calls(), 0);
}

TEST_F(TokenTest, ARefusalSaidWith200IsARefusal) {
  endpoint_.answer_instead = [] { return std::string(R"({"ok":false,"error":"token_revoked"})"); };
  oauth::TokenService service(pool_, box_, http_, clock_);
  oauth::TokenSubject subject = token_subject(id_, endpoint_.url());
  subject.client.endpoints.success_member = "ok";
  const auto token = service.current({}, subject, {});
  ASSERT_FALSE(token.ok());
  EXPECT_EQ(state(), "needs_reconnect");
  EXPECT_NE(reason().find("(200, token_revoked)"), std::string::npos) << reason();
}

TEST_F(TokenTest, AServiceThatIsDownCostsNoAuthorisation) {
  endpoint_.answer_instead = [] { return std::string("not json"); };
  oauth::TokenService service(pool_, box_, http_, clock_);
  EXPECT_EQ(ask(service).error().error_class, sdk::ErrorClass::kTransient);
  EXPECT_EQ(state(), "connected");
  EXPECT_EQ(outcomes(), "started failed");
}

TEST_F(TokenTest, ClientCredentialsNeedNoOwner) {
  ASSERT_TRUE(pool_.query(storage::Lane::kWorker, "update connections set tokens = null where id = $1", {id_}).ok());
  oauth::TokenService service(pool_, box_, http_, clock_);
  EXPECT_EQ(ask(service).error().code, "token.needs_reauth") << "a code has to be exchanged first";
  oauth::TokenSubject subject = token_subject(id_, endpoint_.url());
  subject.client.endpoints.grant = sdk::OAuth2Description::Grant::kClientCredentials;
  subject.client.endpoints.scopes = {"read", "write"};
  const auto token = service.current({}, subject, {});
  ASSERT_TRUE(token.ok()) << token.error().message;
  EXPECT_EQ(*token, "access-1");
  EXPECT_EQ(service.current({}, subject, {}).value_or(""), "access-1");
  EXPECT_EQ(endpoint_.calls(), 1);
  EXPECT_NE(endpoint_.last_body().find("grant_type=client_credentials"), std::string::npos);
  EXPECT_NE(endpoint_.last_body().find("scope=read%20write"), std::string::npos) << endpoint_.last_body();
}

TEST_F(TokenTest, TheEndOfTheAuthorisationIsKept) {
  oauth::Grant grant;
  grant.tokens = {"access-0", "refresh-0", clock_.now() - 1h};
  grant.renewable_until = clock_.now() + 24h;
  grant.scopes = {"read", "write"};
  give(grant);
  EXPECT_EQ(text("select authorization_ends_at > now() + interval '23 hours' from connections where id = $1"), "t");
  EXPECT_EQ(text("select granted_scopes::text from connections where id = $1"), "{read,write}");
  oauth::TokenService service(pool_, box_, http_, clock_);
  ASSERT_TRUE(ask(service).ok());
  EXPECT_EQ(text("select authorization_ends_at is null from connections where id = $1"), "t") << "a new refresh token";
  EXPECT_EQ(text("select granted_scopes::text from connections where id = $1"), "{read,write}");
}

}  // namespace
}  // namespace patchbay::testing
