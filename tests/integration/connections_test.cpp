// The owner's consent: who may come back, with what, how often, and whose account it then is.
#include "engine/oauth/liboauth2_client_auth.hpp"
#include "hub/connections/connection_flow.hpp"
#include "platform/base/clock.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"
#include "platform/outbound/outbound_http.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/support/socket_server.hpp"
#include "tests/support/test_database.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gtest/gtest.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;

/// A client that shows what it was connected with.
class BooksClient : public sdk::ServiceClient {
 public:
  BooksClient(sdk::ConnectionSettings settings, sdk::HostServices services, std::optional<sdk::Error> trouble)
      : settings_(std::move(settings)), services_(services), trouble_(std::move(trouble)) {}
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override {
    if (trouble_) return *trouble_;
    PATCHBAY_TRY(services_.tokens.current(context));
    return sdk::AccountIdentity{settings_.account_id, "Books of " + settings_.account_id, {}, {}};
  }
  sdk::Result<sdk::Page> list(const sdk::CallContext&, const sdk::ListRequest&) override { return sdk::Page{}; }
  sdk::Result<sdk::Record> get(const sdk::CallContext&, const std::string&, const std::string&) override {
    return sdk::not_found_error("books.none", "none");
  }
  sdk::Result<sdk::Health> health_check(const sdk::CallContext&) override {
    return sdk::Health{true, "well", {}, {"minor version 65 ends in August"}};
  }

 private:
  sdk::ConnectionSettings settings_;
  sdk::HostServices services_;
  std::optional<sdk::Error> trouble_;
};

class BooksPlugin : public sdk::Plugin {
 public:
  sdk::Description describe() const override {
    sdk::Description description;
    description.name = "books";
    description.version = "1.0.0";
    description.auth = sdk::AuthKind::kOAuth2;
    sdk::OAuth2Description oauth2;
    oauth2.authorize_url = "https://books.example/authorize";
    oauth2.token_url = "https://books.example/token";
    oauth2.scopes = {"accounting", "payments"};
    oauth2.pkce = true;
    oauth2.account_callback_parameter = "realmId";
    oauth2.authorize_parameters = {{"prompt", "consent"}};
    description.oauth2 = oauth2;
    description.credentials = {{"clientId", "", "", true}, {"clientSecret", "", "", true}};
    sdk::ResourceDescription customers;
    customers.name = "customers";
    customers.list = customers.get = true;
    description.resources = {customers};
    return description;
  }
  sdk::Result<std::unique_ptr<sdk::ServiceClient>> connect(const sdk::ConnectionSettings& settings,
                                                           sdk::HostServices services) const override {
    return std::unique_ptr<sdk::ServiceClient>(std::make_unique<BooksClient>(settings, services, trouble));
  }
  std::optional<sdk::Error> trouble;  // what the service answers instead
};

class ConnectionsTest : public ::testing::Test {
 protected:
  ConnectionsTest()
      : server_([this](SocketServer::Peer& peer) {
          while (const auto request = peer.read_request()) {
            const std::lock_guard lock(mutex_);
            requests_.push_back(*request);
            peer.answer(answer_);
          }
        }),
        pool_(pool_settings(database_.url()), metrics_),
        http_({}, metrics_) {
    catalog_.add({books_->describe(), {}, {}, false, books_});
    user_ = base::new_uuid();
    EXPECT_TRUE(run("insert into users (id, username, email, name, role) values ($1, 'ada', 'ada@x.example', 'Ada', "
                    "'ADMIN')",
                    {user_})
                    .ok());
    id_ = make("main");
  }
  static storage::PgPoolSettings pool_settings(const std::string& url) {
    storage::PgPoolSettings settings;
    settings.url = url;
    return settings;
  }
  sdk::Result<storage::Rows> run(std::string_view sql, const storage::Params& params) {
    return pool_.query(storage::Lane::kWorker, sql, params);
  }
  std::string make(const std::string& name) {
    const auto made = flow_.create({{"connector", "books"},
                                    {"name", name},
                                    {"options", {{"tokenUrl", server_.url("/token")}}},
                                    {"credentials", {{"clientId", "client"}, {"clientSecret", "secret-1"}}}});
    EXPECT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ(made->state, "new");
    return made->id;
  }
  /// A parameter of the URL to which the owner is sent.
  static std::string parameter(const std::string& url, const std::string& name) {
    const auto at = url.find(name + "=");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 1;
    return url.substr(from, url.find('&', from) - from);
  }
  std::string begin(const std::string& id) {
    const auto url = flow_.authorize(id, user_);
    EXPECT_TRUE(url.ok()) << url.error().message;
    url_ = url.value_or("");
    return parameter(url_, "state");
  }
  sdk::Result<connections::Connection> come_back(const std::string& state, const std::string& realm,
                                                 const std::string& code = "code-1", const std::string& error = "") {
    connections::AuthorizationAnswer answer;
    answer.state = state;
    answer.code = code;
    answer.error = error;
    answer.parameter = [&](const std::string& name) { return name == "realmId" ? realm : std::string(); };
    return flow_.finish_authorization(answer);
  }
  std::size_t request_count() {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }

  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::string answer_ =
      R"({"access_token":"a","refresh_token":"r","expires_in":3600,"x_refresh_token_expires_in":8640000})";
  SocketServer server_;
  oauth::OAuthLibrary library_;
  TestDatabase database_;
  base::Metrics metrics_;
  storage::PgPool pool_;
  outbound::OutboundHttp http_;
  base::SystemClock clock_;
  base::SecretBox box_ = std::move(base::SecretBox::from_hex("test", std::string(64, '7'))).value();
  std::shared_ptr<BooksPlugin> books_ = std::make_shared<BooksPlugin>();
  plugins::PluginCatalog catalog_;
  oauth::TokenService tokens_{pool_, box_, http_, clock_};
  limits::RateBudgets budgets_;
  connections::ConnectionStore store_{pool_, box_, catalog_};
  connections::HubClientFactory clients_{pool_, catalog_, http_, clock_, tokens_, budgets_};
  connections::ConnectionFlow flow_{
      {pool_, catalog_, store_, clients_, tokens_, http_, clock_, "https://hub.example", [] {}}};
  std::string user_, id_, url_;
};

TEST_F(ConnectionsTest, TheAccountOfTheWayBackIsTheConnections) {
  const auto connection = come_back(begin(id_), "realm-9");
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ(connection->state, "connected");
  EXPECT_EQ(connection->account_id, "realm-9");
  EXPECT_EQ(connection->settings.account_id, "realm-9") << "the client sees it";
  EXPECT_EQ(parameter(url_, "prompt"), "consent");
  EXPECT_EQ(parameter(url_, "code_challenge_method"), "S256");
  // What was promised is what is shown (RFC 7636).
  const std::string verifier =
      parameter(requests_.front().substr(requests_.front().find("\r\n\r\n") + 4), "code_verifier");
  EXPECT_GE(verifier.size(), 43u);
  EXPECT_EQ(parameter(url_, "code_challenge"), sdk::base64url_encode(base::sha256(verifier)));
}

TEST_F(ConnectionsTest, TheWayBackWorksOnce) {
  const std::string state = begin(id_);
  ASSERT_TRUE(come_back(state, "realm-9").ok());
  EXPECT_EQ(come_back(state, "realm-9").error().code, "oauth.unknown_state");
  EXPECT_EQ(come_back("guessed", "realm-9").error().code, "oauth.unknown_state");
  EXPECT_EQ(request_count(), 1u);
}

TEST_F(ConnectionsTest, WhoMayNoLongerSignInCannotFinishWhatHeBegan) {
  const std::string state = begin(id_);
  ASSERT_TRUE(run("update users set status = 'SUSPENDED' where id = $1", {user_}).ok());
  EXPECT_EQ(come_back(state, "realm-9").error().code, "oauth.unknown_state");
  EXPECT_EQ(request_count(), 0u);
}

TEST_F(ConnectionsTest, AnAuthorisationTakesTenMinutesAtMost) {
  const std::string state = begin(id_);
  ASSERT_TRUE(run("update oauth_states set expires_at = expires_at - interval '10 minutes 1 second'", {}).ok());
  EXPECT_EQ(come_back(state, "realm-9").error().code, "oauth.unknown_state");
}

TEST_F(ConnectionsTest, ARefusalIsKeptAsTheReason) {
  const auto refused = come_back(begin(id_), "", "", "access_denied");
  ASSERT_FALSE(refused.ok());
  const auto connection = store_.get(id_);
  EXPECT_EQ(connection->state, "new");
  EXPECT_EQ(connection->state_reason, "the authorisation was refused (access_denied)");
  EXPECT_EQ(request_count(), 0u);
}

TEST_F(ConnectionsTest, AConnectionKeepsItsAccount) {
  ASSERT_TRUE(come_back(begin(id_), "realm-9").ok());
  const auto other = come_back(begin(id_), "realm-10");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, "oauth.other_account");
  EXPECT_EQ(request_count(), 1u) << "the code is not spent on it";
  EXPECT_EQ(store_.get(id_)->account_id, "realm-9");
  EXPECT_EQ(come_back(begin(id_), "").error().code, "oauth.no_account");
  EXPECT_EQ(come_back(begin(id_), "realm 9\r\n").error().code, "oauth.no_account");
}

TEST_F(ConnectionsTest, ScopesThatWereNotGrantedAreNamed) {
  answer_ = R"({"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"accounting"})";
  const auto connection = come_back(begin(id_), "realm-9");
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ(connection->state, "needs_reconnect");
  EXPECT_EQ(connection->state_reason, "its owner did not grant payments; connect it again and agree to everything");
  const auto health = flow_.health(id_);
  ASSERT_TRUE(health.ok());
  EXPECT_FALSE(health->healthy);
  EXPECT_EQ(health->notices,
            (std::vector<std::string>{"minor version 65 ends in August", "its owner did not grant payments"}));
  answer_ = R"({"access_token":"a","refresh_token":"r","expires_in":3600,"scope":"accounting payments"})";
  EXPECT_EQ(come_back(begin(id_), "realm-9")->state, "connected");
}

TEST_F(ConnectionsTest, AnAuthorisationThatRunsOutIsAnnounced) {
  ASSERT_TRUE(come_back(begin(id_), "realm-9").ok());
  auto connection = store_.get(id_);
  const auto now = clock_.now();
  EXPECT_EQ(connections::expiring_reason(*connection, now), "") << "100 days";
  EXPECT_NE(connections::expiring_reason(*connection, now + 94 * 24h).find("cannot be renewed"), std::string::npos);
  answer_ = R"({"access_token":"a","refresh_token":"r","expires_in":3600,"x_refresh_token_expires_in":86400})";
  ASSERT_TRUE(come_back(begin(id_), "realm-9").ok());
  EXPECT_EQ(flow_.health(id_)->notices.size(), 2u);
}

TEST_F(ConnectionsTest, AnAccountIsConnectedOnce) {
  ASSERT_TRUE(come_back(begin(id_), "realm-9").ok());
  const std::string second = make("second");
  const auto refused = come_back(begin(second), "realm-9");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "connection.account_connected");
  EXPECT_EQ(refused.error().error_class, sdk::ErrorClass::kConflict);
  EXPECT_NE(refused.error().message.find("'main'"), std::string::npos) << refused.error().message;
  EXPECT_EQ(store_.get(second)->state, "new");
  EXPECT_EQ(store_.get(second)->account_id, "");
  EXPECT_EQ(run("select count(*) as n from connections where id = $1 and tokens is null", {second})->integer(0, "n"),
            1);
  EXPECT_TRUE(come_back(begin(second), "realm-10").ok()) << "another account";
}

TEST_F(ConnectionsTest, AnAccountThatIsConnectedAgainKeepsItsLinks) {
  ASSERT_TRUE(come_back(begin(id_), "realm-9").ok());
  const std::string entity = base::new_uuid();
  ASSERT_TRUE(run("insert into entity_links (connection_id, resource, external_id, service, entity_kind, entity_id)"
                  " values ($1::uuid, 'customers', '7', 'books', 'client', $2::uuid)",
                  {id_, entity})
                  .ok());
  ASSERT_TRUE(
      run("insert into sync_pending_references values ($1::uuid, 'invoices', '1', 'clientId', 'customers', '8')", {id_})
          .ok());
  ASSERT_TRUE(flow_.remove(id_).ok());
  const std::string again = make("main");
  const std::string other = make("other");
  ASSERT_TRUE(come_back(begin(other), "realm-10").ok());
  ASSERT_TRUE(come_back(begin(again), "realm-9").ok());
  const auto links = run("select connection_id, entity_id from entity_links", {});
  ASSERT_EQ(links->size(), 1u);
  EXPECT_EQ(links->text(0, "connection_id"), again);
  EXPECT_EQ(links->text(0, "entity_id"), entity);
  EXPECT_EQ(run("select connection_id from sync_pending_references", {})->text(0, "connection_id"), again);
  EXPECT_EQ(run("select successor_id from connections where id = $1", {id_})->text(0, "successor_id"), again);
}

TEST_F(ConnectionsTest, WhatNeverAnsweredIsUnreachableAndTriedAgain) {
  books_->trouble = sdk::transient_error("http.connect", "connection refused");
  const auto connection = come_back(begin(id_), "realm-9");
  ASSERT_TRUE(connection.ok()) << connection.error().message;
  EXPECT_EQ(connection->state, "unreachable");
  EXPECT_NE(connection->state_reason.find("connection refused"), std::string::npos);
  EXPECT_EQ(flow_.retry().value(), 0u) << "just tried";
  const auto wait = [&] {
    ASSERT_TRUE(run("update connections set updated_at = now() - interval '11 seconds'", {}).ok());
  };
  wait();
  EXPECT_EQ(flow_.retry().value(), 1u);
  EXPECT_EQ(store_.get(id_)->state, "unreachable");
  books_->trouble.reset();
  wait();
  int first = 0;
  flow_.on_connected([&](storage::Session&, const std::string& id) -> sdk::Result<std::function<void()>> {
    EXPECT_EQ(id, id_);
    return std::function<void()>([&] { ++first; });
  });
  EXPECT_EQ(flow_.retry().value(), 1u);
  EXPECT_EQ(store_.get(id_)->state, "connected");
  EXPECT_EQ(first, 1) << "its first sync is announced";
}

TEST_F(ConnectionsTest, ACallThatSucceedsEndsTheNeedToReconnect) {
  ASSERT_TRUE(come_back(begin(id_), "realm-9").ok());
  ASSERT_TRUE(
      run("update connections set state = 'needs_reconnect', state_reason = 'refused' where id = $1", {id_}).ok());
  const auto health = flow_.health(id_);
  ASSERT_TRUE(health.ok());
  EXPECT_TRUE(health->healthy);
  EXPECT_EQ(store_.get(id_)->state, "connected");
  EXPECT_EQ(store_.get(id_)->state_reason, "");
}

TEST_F(ConnectionsTest, UrlsAndCredentialsThatMeanSomethingElseAreRefused) {
  for (const char* url :
       {"https://user:secret@books.example/token", "https://books.example@evil.example", "https://", "https:///token",
        "http://:80", "https://books.example:0/", "https://books.example:99999/", "https://books example/", "ftp://x",
        "https://books.example\\@evil.example", "https://books.example/\r\nHost: x", "https://b\u00fccher.example",
        "https://a..b/", "https://[books]/", "https://[::1"}) {
    const auto made = flow_.create({{"connector", "books"}, {"name", "x"}, {"options", {{"tokenUrl", url}}}});
    ASSERT_FALSE(made.ok()) << url;
    EXPECT_EQ(made.error().code, "connection.bad_option") << url;
    const auto changed = flow_.update(id_, {{"options", {{"tokenUrl", url}}}});
    ASSERT_FALSE(changed.ok()) << url;
    EXPECT_EQ(changed.error().code, "connection.bad_option") << url;
  }
  for (const char* url : {"https://books.example", "http://127.0.0.1:8080/a/b?c=d@e", "https://[::1]:443/", ""})
    EXPECT_TRUE(flow_.update(id_, {{"options", {{"tokenUrl", url}}}}).ok()) << url;
  for (const char* secret : {"a\r\nX-Evil: 1", "a\tb", "a\x7f"}) {
    const auto changed = flow_.update(id_, {{"credentials", {{"clientSecret", secret}}}});
    ASSERT_FALSE(changed.ok());
    EXPECT_EQ(changed.error().code, "connection.bad_credential");
    EXPECT_EQ(changed.error().error_class, sdk::ErrorClass::kInvalid);
  }
  EXPECT_TRUE(flow_.update(id_, {{"credentials", {{"clientSecret", "pasted\n"}}}}).ok()) << "a pasted line end is cut";
}

}  // namespace
}  // namespace patchbay::testing
