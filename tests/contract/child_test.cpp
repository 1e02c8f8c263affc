// The same connector through a child process: every call, every host service, and what happens when the child dies.
#include "engine/plugins/child_plugin.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <unistd.h>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;

/// Host services that keep what they were asked.
class Host : public sdk::HttpClient,
             public sdk::Clock,
             public sdk::Logger,
             public sdk::StateStore,
             public sdk::TokenSource {
 public:
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const sdk::HttpRequest& request) override {
    requests.push_back(request);
    remaining = context.remaining();
    std::string body = "\x01\xff binary";
    if (request.body_file) {
      std::string sent(request.body_file->size_bytes, '\0');
      const ssize_t length = ::read(request.body_file->descriptor, sent.data(), sent.size());
      body = sent.substr(0, static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    }
    return sdk::HttpResponse{200, {{"X-Answer", "yes"}}, sdk::base64_encode(body)};
  }
  std::chrono::system_clock::time_point now() const override {
    return sdk::SystemTime(std::chrono::milliseconds(1'700'000'000'123));
  }
  void log(sdk::LogLevel, std::string_view message, const sdk::json::object&) override {
    messages.emplace_back(message);
  }
  sdk::Result<std::optional<sdk::json::value>> get(std::string_view key) override {
    const auto found = state.find(std::string(key));
    return found == state.end() ? std::optional<sdk::json::value>() : std::optional<sdk::json::value>(found->second);
  }
  sdk::Result<void> put(std::string_view key, const sdk::json::value& value) override {
    state[std::string(key)] = value;
    return {};
  }
  sdk::Result<std::string> current(const sdk::CallContext&) override { return std::string("token-1"); }
  sdk::Result<std::string> renew(const sdk::CallContext&, std::string_view rejected) override {
    return "not " + std::string(rejected);
  }
  sdk::HostServices services() { return {*this, *this, *this, *this, *this}; }

  std::vector<sdk::HttpRequest> requests;
  std::vector<std::string> messages;
  std::map<std::string, sdk::json::value> state;
  std::chrono::milliseconds remaining{0};
};

class ChildTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    const fs::path build = PATCHBAY_BUILD_DIR;
    LoadProblem problem;
    const fs::path file = build / "test-plugins" / "echo.so";
    loaded_ = GetParam() ? load_in_child(build / "patchbay", file, problem) : load_plugin(file, problem);
    ASSERT_TRUE(loaded_.has_value()) << problem.message;
    settings_.connection_id = "c1";
    settings_.options["apiBase"] = "http://service";
    settings_.credentials["key"] = "s3cret";
    auto client = loaded_->plugin->connect(settings_, host_.services());
    ASSERT_TRUE(client.ok());
    client_ = std::move(*client);
  }
  sdk::CallContext context(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    sdk::CallContext made;
    made.deadline = std::chrono::steady_clock::now() + limit;
    made.trace_id = "0123456789abcdef0123456789abcdef";
    made.lane = sdk::Lane::kInteractive;
    return made;
  }
  Host host_;
  sdk::ConnectionSettings settings_;
  std::optional<LoadedPlugin> loaded_;
  std::unique_ptr<sdk::ServiceClient> client_;
};

TEST_P(ChildTest, TheDescriptionIsTheSame) {
  EXPECT_EQ(loaded_->description.name, "echo");
  EXPECT_EQ(loaded_->in_child, GetParam());
  ASSERT_EQ(loaded_->description.resources.size(), 1u);
  EXPECT_EQ(loaded_->description.resources[0].filters, std::vector<std::string>{"colour"});
  const sdk::WebhookDescription& webhooks = loaded_->description.webhooks;
  ASSERT_TRUE(webhooks.oidc.has_value());
  EXPECT_EQ(webhooks.oidc->issuers, std::vector<std::string>{"https://issuer"});
  EXPECT_TRUE(webhooks.unsigned_handshake);
  EXPECT_TRUE(webhooks.subscriptions.supported);
  EXPECT_EQ(webhooks.subscriptions.renew_before, std::chrono::hours(24));
  EXPECT_EQ(loaded_->description.channels, (std::vector<std::string>{"email", "sms"}));
}

TEST_P(ChildTest, AMessageGoesOutWhole) {
  sdk::OutgoingMessage message{
      "email",           "me@a.example", {"you@b.example", "they@c.example"}, "Hello", "text", "<p>html</p>", "t1", {},
      {{"priority", 5}}, "key-1"};
  message.attachments = {{"a.bin", "application/octet-stream", std::string("\x00\xff\n", 3)}};
  const auto sent = client_->send_message(context(), message);
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  EXPECT_EQ(sent->external_id, "key-1");
  EXPECT_EQ(sent->thread_id, "t1");
  ASSERT_TRUE(sent->record.has_value());
  EXPECT_EQ(sent->record->updated_at, host_.now());
  const sdk::json::value expected{
      {"channel", "email"},
      {"from", "me@a.example"},
      {"to", {"you@b.example", "they@c.example"}},
      {"subject", "Hello"},
      {"text", "text"},
      {"html", "<p>html</p>"},
      {"attachments", sdk::json::array{sdk::json::array{"a.bin", "application/octet-stream", "AP8K"}}},
      {"options", {{"priority", 5}}}};
  EXPECT_EQ(sdk::canonical_json(sent->record->data), sdk::canonical_json(expected));
}

TEST_P(ChildTest, RegistrationsAreMadeListedRenewedAndTakenAway) {
  sdk::Subscription wanted;
  wanted.url = "https://hub/webhooks/echo";
  wanted.subject = "primary calendar";
  wanted.topics = {"thing.changed", "thing.gone"};
  wanted.details = {{"colour", "red"}};
  const auto made = client_->subscribe(context(), wanted);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->external_id, "s1");
  EXPECT_EQ(made->expires_at, host_.now());
  EXPECT_EQ(made->credentials, (std::vector<std::pair<std::string, std::string>>{{"webhookSecret", "whsec"}}));
  ASSERT_TRUE(client_->subscribe(context(), wanted).ok());
  const auto renewed = client_->renew_subscription(context(), *made);
  ASSERT_TRUE(renewed.ok()) << renewed.error().message;
  EXPECT_EQ(renewed->expires_at, host_.now() + std::chrono::hours(1));
  const auto listed = client_->list_subscriptions(context());
  ASSERT_TRUE(listed.ok()) << listed.error().message;
  ASSERT_EQ(listed->size(), 2u);
  EXPECT_EQ((*listed)[0].expires_at, renewed->expires_at);
  EXPECT_EQ((*listed)[1].url, wanted.url);
  EXPECT_EQ((*listed)[1].subject, wanted.subject);
  EXPECT_EQ((*listed)[1].topics, wanted.topics);
  EXPECT_EQ((*listed)[1].details, wanted.details);
  EXPECT_TRUE((*listed)[1].credentials.empty());
  EXPECT_TRUE(client_->unsubscribe(context(), *made).ok());
  EXPECT_EQ(client_->list_subscriptions(context())->size(), 1u);
  EXPECT_EQ(client_->renew_subscription(context(), *made).error().code, "echo.subscription");
}

TEST_P(ChildTest, TokensAreAskedOfTheHost) {
  const auto identity = client_->authenticate(context());
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  EXPECT_EQ(identity->account_id, "token-1");
  EXPECT_EQ(identity->name, "not token-1");
  EXPECT_EQ(identity->scopes, (std::vector<std::string>{"read", "write"}));
  EXPECT_EQ(sdk::string_at(identity->details, "connection"), "c1");
  EXPECT_EQ(sdk::string_at(identity->details, "lane"), sdk::lane_name(sdk::Lane::kInteractive));
  const auto grant = client_->refresh_token(context(), "r");
  ASSERT_TRUE(grant.ok());
  EXPECT_EQ(grant->access_token, "access for r");
  EXPECT_EQ(grant->expires_at, host_.now());
}

TEST_P(ChildTest, HttpStateClockAndLogAreTheHosts) {
  sdk::ListRequest request{"things", sdk::SyncMode::kIncremental, "a b", "check", 10, {{"colour", "red"}}};
  ASSERT_TRUE(client_->list(context(), request).ok());
  const auto page = client_->list(context(), request);
  ASSERT_TRUE(page.ok()) << page.error().message;
  ASSERT_EQ(host_.requests.size(), 2u);
  EXPECT_EQ(host_.requests[0].url, "http://service/things?cursor=a%20b");
  EXPECT_EQ(sdk::find_header(host_.requests[0].headers, "X-Secret"), "s3cret");
  EXPECT_EQ(sdk::find_header(host_.requests[0].headers, "X-Checkpoint"), "check");
  EXPECT_DOUBLE_EQ(host_.requests[0].cost, 2.5);
  EXPECT_TRUE(host_.requests[0].retry_safe);
  EXPECT_GT(host_.remaining, std::chrono::seconds(10));
  ASSERT_EQ(page->records.size(), 1u);
  EXPECT_EQ(page->records[0].version, "v1");
  EXPECT_EQ(page->records[0].updated_at, host_.now());
  EXPECT_EQ(*sdk::base64_decode(sdk::string_at(page->records[0].data, "body")), "\x01\xff binary");
  EXPECT_EQ(sdk::string_at(page->records[0].data, "filters.colour"), "red");
  ASSERT_EQ(page->problems.size(), 1u);
  EXPECT_EQ(page->problems[0].message, "not a record");
  EXPECT_EQ(page->next_cursor, "next");
  EXPECT_EQ(page->checkpoint, "incremental");
  EXPECT_EQ(page->total_estimate, 2u);
  EXPECT_EQ(host_.messages, (std::vector<std::string>{"listed", "listed"}));
}

TEST_P(ChildTest, ABodyTravelsAsAnOpenFile) {
  sdk::WriteRequest request{"things", "", {{"text", std::string(100'000, 'x')}}, {}, "key-1", "v7"};
  const auto record = client_->create(context(), request);
  ASSERT_TRUE(record.ok()) << record.error().message;
  EXPECT_EQ(record->external_id, "key-1");
  EXPECT_EQ(record->version, "v7");
  EXPECT_EQ(*sdk::base64_decode(sdk::string_at(record->data, "answer")), sdk::json::serialize(request.data));
}

TEST_P(ChildTest, RecordsWritesAndOperations) {
  const auto deleted = client_->get(context(), "things", "deleted");
  ASSERT_TRUE(deleted.ok());
  EXPECT_TRUE(deleted->deleted);
  EXPECT_EQ(sdk::string_at(deleted->data, "trace"), "0123456789abcdef0123456789abcdef");
  const auto updated = client_->update(context(), {"things", "9", {{"a", 1}}, {"a", "b"}, "k", "v"});
  ASSERT_TRUE(updated.ok());
  EXPECT_EQ(sdk::string_at(updated->data, "changed[1]"), "b");
  EXPECT_TRUE(client_->remove(context(), "things", "gone").ok());
  EXPECT_EQ(client_->remove(context(), "things", "kept").error().error_class, sdk::ErrorClass::kConflict);
  const auto health = client_->health_check(context());
  EXPECT_TRUE(health->healthy);
  EXPECT_EQ(health->notices, std::vector<std::string>{"the API version ends in May"});
  const auto operated = client_->operate(context(), "spin", {{"times", 3}});
  ASSERT_TRUE(operated.ok());
  EXPECT_EQ(sdk::string_at(*operated, "ran"), "spin");
}

TEST_P(ChildTest, ErrorsKeepClassCodeFieldAndTime) {
  const auto missing = client_->get(context(), "things", "missing");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().error_class, sdk::ErrorClass::kNotFound);
  EXPECT_EQ(missing.error().code, "echo.missing");
  EXPECT_EQ(missing.error().field, "id");
  EXPECT_EQ(missing.error().retry_after, std::chrono::milliseconds(1500));
}

TEST_P(ChildTest, AnExceptionEndsAtTheBoundary) {
  const auto threw = client_->get(context(), "things", "throw");
  ASSERT_FALSE(threw.ok());
  EXPECT_EQ(threw.error().code, "plugin.threw");
  EXPECT_TRUE(client_->get(context(), "things", "1").ok());
}

TEST_P(ChildTest, ACallEndsAtItsDeadline) {
  const auto late = client_->get(context(std::chrono::milliseconds(200)), "things", "wait");
  ASSERT_FALSE(late.ok());
  EXPECT_TRUE(client_->get(context(), "things", "1").ok());
}

TEST_P(ChildTest, WebhooksAreVerifiedAndParsed) {
  sdk::WebhookRequest request;
  request.body = std::string("\x00\x01raw", 5);
  request.headers = {{"X-Key", "s3cret"}};
  request.received_at = host_.now();
  EXPECT_TRUE(loaded_->plugin->verify_webhook(request, settings_).ok());
  request.headers = {{"X-Key", "other"}};
  EXPECT_EQ(loaded_->plugin->verify_webhook(request, settings_).error().error_class, sdk::ErrorClass::kAuth);
  request.body = "77";
  const auto events = loaded_->plugin->parse_webhook(request);
  ASSERT_TRUE(events.ok()) << events.error().message;
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(events->front().external_id, "77");
  EXPECT_EQ(events->front().occurred_at, host_.now());
  ASSERT_TRUE(events->front().snapshot.has_value());
  EXPECT_TRUE(events->front().snapshot->deleted);
  EXPECT_TRUE(events->front().resync);
  EXPECT_FALSE(events->front().command.has_value());
}

TEST_P(ChildTest, VerifiedClaimsReachTheVerification) {
  sdk::WebhookRequest request;
  request.verified_claims = {{"email", "s3cret"}};
  EXPECT_TRUE(loaded_->plugin->verify_webhook(request, settings_).ok());
  request.verified_claims = {{"email", "another"}};
  EXPECT_FALSE(loaded_->plugin->verify_webhook(request, settings_).ok());
}

TEST_P(ChildTest, HandshakesAndCommandsAreAnswered) {
  sdk::WebhookRequest request;
  request.body = "challenge \x01 abc";
  const auto handshake = loaded_->plugin->answer_handshake(request);
  ASSERT_TRUE(handshake.ok()) << handshake.error().message;
  ASSERT_TRUE(handshake->has_value());
  EXPECT_EQ((*handshake)->body, "\x01 abc");
  EXPECT_EQ((*handshake)->content_type, "text/plain");
  request.body = "/jobs today";
  EXPECT_FALSE(loaded_->plugin->answer_handshake(request)->has_value());
  const auto events = loaded_->plugin->parse_webhook(request);
  ASSERT_TRUE(events.ok()) << events.error().message;
  ASSERT_TRUE(events->front().command.has_value());
  EXPECT_EQ(events->front().command->text, "jobs today");
  EXPECT_EQ(events->front().command->user_id, "U1");
  EXPECT_EQ(events->front().command->channel, "C1");
  const auto answer = loaded_->plugin->answer_webhook(request, sdk::CommandReply{false, "Jobs", {"one", "two"}});
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "not Jobs to /jobs today\none\ntwo");
  const auto silent = loaded_->plugin->answer_webhook(request, std::nullopt);
  ASSERT_TRUE(silent.ok());
  EXPECT_EQ(silent->status, 204);
  EXPECT_TRUE(silent->body.empty());
}

INSTANTIATE_TEST_SUITE_P(InProcessAndInAChild, ChildTest, testing::Bool(),
                         [](const auto& param) { return param.param ? "InAChild" : "InProcess"; });

class ChildOnlyTest : public ChildTest {};

TEST_P(ChildOnlyTest, AChildThatDiesTakesOneCallAndIsStartedAgain) {
  const auto crashed = client_->get(context(), "things", "crash");
  ASSERT_FALSE(crashed.ok());
  EXPECT_EQ(crashed.error().error_class, sdk::ErrorClass::kTransient);
  EXPECT_TRUE(client_->get(context(), "things", "1").ok());
}

INSTANTIATE_TEST_SUITE_P(InAChild, ChildOnlyTest, testing::Values(true));

}  // namespace
}  // namespace patchbay::plugins
