// Services that want more than "received": a handshake, an answer of their own, a person's command, a token of the
// sender, news that only say "look again".
#include "tests/integration/webhooks_fixture.hpp"
#include "tests/support/socket_server.hpp"

#include <cjose/cjose.h>

#include <cstdlib>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;

/// Body: "challenge …" | "/command" | "changed" | form | "". Header X-Chat-Signature, or a bearer token for the address
/// that the connection's secret names.
class ChatPlugin : public TestPlugin {
 public:
  using TestPlugin::TestPlugin;
  sdk::Description describe() const override {
    sdk::Description description = TestPlugin::describe();
    description.name = "chat";
    description.options = {{"keysUrl", sdk::OptionKind::kUrl, "", "", {}}};
    description.webhooks.signature = {};
    description.webhooks.signature.algorithm = sdk::SignatureDescription::Algorithm::kCustom;
    description.webhooks.unsigned_handshake = true;
    description.webhooks.own_answer = true;
    description.webhooks.answer_within = 1'000ms;
    description.webhooks.oidc =
        sdk::OidcDescription{{"https://issuer.example"}, "https://issuer.example/keys", "keysUrl"};
    return description;
  }
  sdk::Result<void> verify_webhook(const sdk::WebhookRequest& request,
                                   const sdk::ConnectionSettings& settings) const override {
    const std::string secret = settings.credential("secret");
    if (sdk::string_at(request.verified_claims, "email") == secret) return {};
    if (sdk::find_header(request.headers, "X-Chat-Signature") == secret) return {};
    return sdk::auth_error("chat.signature", "wrong");
  }
  sdk::Result<std::vector<sdk::WebhookEvent>> parse_webhook(const sdk::WebhookRequest& request) const override {
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(request);
    }
    sdk::WebhookEvent event;
    event.topic = "chat";
    event.dedupe_key = base::new_uuid();
    event.event_id = event.dedupe_key;
    if (request.body.starts_with('/')) event.command = sdk::WebhookCommand{request.body.substr(1), "U1", "C1"};
    if (request.body == "changed" || request.body.empty()) {
      event.resource = "customers";
      event.resync = true;
    }
    return std::vector{std::move(event)};
  }
  sdk::Result<sdk::WebhookAnswer> answer_webhook(const sdk::WebhookRequest& request,
                                                 const std::optional<sdk::CommandReply>& reply) const override {
    if (!reply) return sdk::WebhookAnswer{202, "application/xml", "<Response/>"};
    return sdk::WebhookAnswer{200, "application/json",
                              (reply->ok ? "" : "no: ") + request.body + " -> " + reply->lines.front()};
  }
  sdk::Result<std::optional<sdk::WebhookAnswer>> answer_handshake(const sdk::WebhookRequest& request) const override {
    const auto at = request.url.find("validationToken=");
    if (at != std::string::npos)
      return std::optional(sdk::WebhookAnswer{200, "text/html", request.url.substr(at + 16)});
    if (!request.body.starts_with("challenge ")) return std::optional<sdk::WebhookAnswer>();
    return std::optional(sdk::WebhookAnswer{200, "text/plain", request.body.substr(10)});
  }
  sdk::WebhookRequest last() const {
    const std::lock_guard lock(mutex_);
    return seen_.back();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::vector<sdk::WebhookRequest> seen_;
};

class Commands : public webhooks::CommandHandler {
 public:
  sdk::Result<sdk::CommandReply> run(const sdk::CallContext& context, const webhooks::CommandCall& call) override {
    remaining = context.remaining();
    if (release) release->get_future().wait_for(20s);
    ++ended;
    return sdk::CommandReply{true, "Jobs", {call.connector + " " + call.command.text + " by " + call.command.user_id}};
  }
  std::promise<void>* release = nullptr;
  std::chrono::milliseconds remaining{0};
  std::atomic<int> ended{0};
};

class WebhookAnswersTest : public WebhooksTest {
 protected:
  WebhookAnswersTest() : plugin_(std::make_shared<ChatPlugin>(service_)) {
    catalog_.add({plugin_->describe(), {}, {}, false, plugin_});
    const auto yaml = base::yaml::parse(
        "connector: chat\nresources:\n  customers:\n    entity: client\n    fields:\n      name: {from: name, rank: "
        "10}\n",
        "chat.yaml");
    auto mapping = mapping::Mapping::load(*yaml, plugin_->describe(), registry_);
    if (!mapping.ok()) throw std::runtime_error(mapping.error().message);
    mappings_.set(std::move(mapping).value());
  }
  void open(const std::string& keys_url = "https://issuer.example/keys", const std::string& secret = "s3cret") {
    const auto made = pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
      PATCHBAY_ASSIGN(const auto connection,
                      connections_.create(session, "chat", "main", {{"keysUrl", keys_url}}, {{"secret", secret}}));
      return connections_.set_state(session, connection.id, "connected", "");
    });
    ASSERT_TRUE(made.ok()) << made.error().message;
    open_door();
  }
  http::Response call(const std::string& body, sdk::Headers headers = {{"X-Chat-Signature", "s3cret"}},
                      const std::string& query = "", const std::string& method = "POST") {
    http::Request request;
    request.method = method;
    request.target = "/api/v1/webhooks/chat" + query;
    request.body = body;
    request.remote_address = "192.0.2.1";
    request.headers = std::move(headers);
    return answer_of(put(std::move(request), "", "chat"));
  }

  std::shared_ptr<ChatPlugin> plugin_;
  Commands handler_of_commands_;
};

TEST_F(WebhookAnswersTest, AHandshakeIsAnsweredBeforeAnySignature) {
  open();
  const auto body = call("challenge abc<script>", {});
  EXPECT_EQ(body.status, 200);
  EXPECT_EQ(body.body, "abc<script>");
  const auto query = call("", {}, "?validationToken=t%201");
  EXPECT_EQ(query.status, 200);
  EXPECT_EQ(query.body, "t%201");
  EXPECT_EQ(query.content_type, "text/plain; charset=utf-8") << "what was asked is never echoed as a page";
  EXPECT_EQ(call("", {}, "?validationToken=g", "GET").body, "g");
  EXPECT_EQ(call("no challenge", {}).status, 401);
  EXPECT_EQ(text("select count(*) from work_items"), "0");
}

TEST_F(WebhookAnswersTest, FormsQueriesAndEmptyBodiesArriveAsTheyWereSent) {
  open();
  const sdk::Headers form{{"X-Chat-Signature", "s3cret"}, {"Content-Type", "application/x-www-form-urlencoded"}};
  const auto answer = call("From=%2B1555&Body=Hi+there", form, "?company=7&x=%20y");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.body, "<Response/>");
  EXPECT_EQ(answer.content_type, "application/xml");
  EXPECT_EQ(plugin_->last().body, "From=%2B1555&Body=Hi+there");
  EXPECT_EQ(plugin_->last().url, "https://hub.example/api/v1/webhooks/chat?company=7&x=%20y");
  EXPECT_EQ(call("", {{"X-Chat-Signature", "s3cret"}, {"X-Goog-Channel-Token", "secret-token"}}, "?a=1", "GET").status,
            202);
  EXPECT_EQ(plugin_->last().method, "GET");
  EXPECT_EQ(text("select count(*) from work_items"), "2");
  EXPECT_EQ(text("select count(*) from work_items where headers::text like '%s3cret%' or headers::text like "
                 "'%secret-token%'"),
            "0");
}

TEST_F(WebhookAnswersTest, ACommandIsAnsweredByItsHandlerInTheServicesForm) {
  commands_ = &handler_of_commands_;
  open();
  const auto answer = call("/jobs today");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/jobs today -> chat jobs today by U1");
  EXPECT_LE(handler_of_commands_.remaining, 600ms) << "the service gives up after a second";
  EXPECT_EQ(call("/jobs today", {{"X-Chat-Signature", "wrong"}}).status, 401);
  EXPECT_EQ(handler_of_commands_.ended, 1);
}

TEST_F(WebhookAnswersTest, WithoutAHandlerCommandsAreNotAvailable) {
  open();
  EXPECT_EQ(call("/help").body, "no: /help -> Commands are not available here.");
}

TEST_F(WebhookAnswersTest, ASlowCommandIsAnsweredInTime) {
  commands_ = &handler_of_commands_;
  std::promise<void> release;
  handler_of_commands_.release = &release;
  open();
  const auto began = std::chrono::steady_clock::now();
  const auto answer = call("/jobs today");
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "no: /jobs today -> It takes longer than usual; try again in a moment.");
  EXPECT_GE(took, 500ms);
  EXPECT_LT(took, 5s) << "the command has not ended, and nobody waits for it";
  EXPECT_EQ(handler_of_commands_.ended, 0);
  release.set_value();
  EXPECT_TRUE(wait_until([this] { return handler_of_commands_.ended == 1; }));
}

TEST_F(WebhookAnswersTest, NewsWithoutARecordCauseOneDeltaRun) {
  open();
  for (int index = 0; index < 12; ++index) ASSERT_EQ(call("changed").status, 202);
  start_work();
  ASSERT_TRUE(all_done(12));
  EXPECT_EQ(text("select count(*) from sync_runs"), "1") << "a burst";
  EXPECT_EQ(text("select mode || ' ' || trigger || ' ' || resources::text || ' ' || state from sync_runs"),
            "incremental webhook {customers} queued");
  EXPECT_EQ(text("select count(*) from work_items where kind = 'sync'"), "1");
  // A run that has begun may have passed the change already.
  ASSERT_EQ(text("update sync_runs set state = 'running' returning state"), "running");
  ASSERT_EQ(call("changed").status, 202);
  ASSERT_EQ(call("").status, 202) << "Google's news have no body";
  ASSERT_TRUE(all_done(14));
  EXPECT_EQ(text("select count(*) from sync_runs where state = 'queued'"), "1");
  EXPECT_EQ(text("select count(*) from sync_runs"), "2");
}

/// An issuer with a key and the place where it is published.
class Issuer {
 public:
  Issuer() {
    cjose_err error{};
    key_ = cjose_jwk_create_RSA_random(2048, nullptr, 0, &error);
    cjose_jwk_set_kid(key_, "k1", 2, &error);
    char* text = cjose_jwk_to_json(key_, false, &error);
    keys_ = R"({"keys":[)" + std::string(text) + "]}";
    std::free(text);
  }
  ~Issuer() { cjose_jwk_release(key_); }
  Issuer(const Issuer&) = delete;
  Issuer& operator=(const Issuer&) = delete;
  std::string url() const { return server_.url("/keys"); }
  int fetches() const { return fetches_; }
  std::string token(const std::string& email, const std::string& issuer = "https://issuer.example") const {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    const std::string claims = sdk::json::serialize(
        sdk::json::object{{"iss", issuer}, {"email", email}, {"iat", now.count()}, {"exp", now.count() + 600}});
    cjose_err error{};
    cjose_header_t* header = cjose_header_new(&error);
    cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_RS256, &error);
    cjose_header_set(header, CJOSE_HDR_KID, "k1", &error);
    cjose_jws_t* made =
        cjose_jws_sign(key_, header, reinterpret_cast<const std::uint8_t*>(claims.data()), claims.size(), &error);
    const char* compact = nullptr;
    cjose_jws_export(made, &compact, &error);
    std::string copy(compact);
    cjose_jws_release(made);
    cjose_header_release(header);
    return copy;
  }

 private:
  cjose_jwk_t* key_ = nullptr;
  std::string keys_;
  std::atomic<int> fetches_{0};
  SocketServer server_{[this](SocketServer::Peer& peer) {
    while (peer.read_request()) {
      ++fetches_;
      peer.answer(keys_);
    }
  }};
};

TEST_F(WebhookAnswersTest, ATokenOfTheSenderIsCheckedBeforeTheConnectorSeesItsClaims) {
  Issuer issuer;
  open(issuer.url(), "push@project.example");
  const auto bearer = [](const std::string& token) { return sdk::Headers{{"Authorization", "Bearer " + token}}; };
  for (int index = 0; index < 3; ++index)
    EXPECT_EQ(call("news", bearer(issuer.token("push@project.example"))).status, 202);
  EXPECT_EQ(issuer.fetches(), 1);
  EXPECT_EQ(sdk::string_at(plugin_->last().verified_claims, "iss"), "https://issuer.example");
  EXPECT_EQ(call("news", bearer(issuer.token("another@project.example"))).status, 401) << "the connector compares";
  EXPECT_EQ(call("news", bearer(issuer.token("push@project.example", "https://evil.example"))).status, 401);
  std::string forged = issuer.token("push@project.example");
  forged[forged.find('.') + 9] ^= 1;
  EXPECT_EQ(call("news", bearer(forged)).status, 401);
  EXPECT_EQ(call("news", {}).status, 401);
  EXPECT_EQ(text("select count(*) from work_items"), "3");
  EXPECT_EQ(text("select count(*) from work_items where headers::text ilike '%authorization%'"), "0");
}

TEST_F(WebhookAnswersTest, WhereTheIssuersKeysCannotBeHadTheSenderIsAskedToComeAgain) {
  Issuer issuer;
  SocketServer closed([](SocketServer::Peer& peer) { peer.reset(); });
  open(closed.url("/keys"), "push@project.example");
  const auto answer = call("news", {{"Authorization", "Bearer " + issuer.token("push@project.example")}});
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.header("Retry-After").has_value());
  EXPECT_EQ(text("select count(*) from work_items"), "0");
}

}  // namespace
}  // namespace patchbay::testing
