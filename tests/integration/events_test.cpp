// The outbox and what reads it, against real servers: nothing is skipped, nothing comes twice, whatever order commits
// take.
#include "engine/events/outbox.hpp"
#include "engine/events/outbox_reader.hpp"
#include "engine/events/pump.hpp"
#include "engine/events/redis_publisher.hpp"
#include "engine/events/websocket_hub.hpp"
#include "platform/base/ids.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

namespace patchbay::events {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::wait_until;

/// A socket that keeps what it was sent.
class RecordedSocket : public http::WebSocket {
 public:
  explicit RecordedSocket(std::uint64_t id) : id_(id) {}
  bool send(std::shared_ptr<const std::string> text) override {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
    return close_code_ == 0;
  }
  void close(int code, std::string) override {
    const std::lock_guard lock(mutex_);
    if (close_code_ == 0) close_code_ = code;
  }
  std::uint64_t id() const override { return id_; }
  int close_code() const {
    const std::lock_guard lock(mutex_);
    return close_code_;
  }
  std::vector<sdk::json::value> messages(std::string_view type) const {
    const std::lock_guard lock(mutex_);
    std::vector<sdk::json::value> found;
    for (const auto& text : texts_) {
      auto parsed = sdk::parse_json(*text);
      if (parsed.ok() && sdk::string_at(*parsed, "type") == type) found.push_back(std::move(parsed).value());
    }
    return found;
  }
  std::vector<std::string> entity_numbers() const {
    std::vector<std::string> numbers;
    for (const auto& event : messages("event")) numbers.push_back(sdk::string_at(event, "data.number"));
    return numbers;
  }
  std::vector<std::shared_ptr<const std::string>> buffers() const {
    const std::lock_guard lock(mutex_);
    return texts_;
  }

 private:
  const std::uint64_t id_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const std::string>> texts_;
  int close_code_ = 0;
};

/// Tokens are "<role>" or "<role>/<user>"; "bad" is refused, "brief" expires at once.
class RoleTokens : public SocketAuthenticator {
 public:
  sdk::Result<SocketIdentity> authenticate(const std::string& token) override {
    if (token == "bad") return sdk::auth_error("auth.bad_token", "No.");
    if (token == "forbidden") return sdk::conflict_error("policy.forbidden", "No.");
    SocketIdentity identity;
    identity.principal.kind = policy::Principal::Kind::kUser;
    identity.principal.role = token.substr(0, token.find('/'));
    identity.principal.user_id = token;
    identity.principal.session_id = token;
    const auto life = token == "brief" ? milliseconds(200) : milliseconds(3'600'000);
    identity.expires_at = std::chrono::system_clock::now() + life;
    return identity;
  }
  sdk::Result<void> check(const SocketIdentity&) override {
    if (ended) return sdk::auth_error("auth.session_ended", "Ended.");
    return {};
  }
  std::atomic<bool> ended{false};
};

/// Staff sees all; a technician the events that carry the own id; `secret` is for the admin.
class TestVisibility : public EventVisibility {
 public:
  bool known_topic(std::string_view topic) const override {
    return topic == "clients" || topic == "jobs" || topic == "audit";
  }
  bool may_subscribe(const policy::Principal& principal, std::string_view topic) const override {
    return topic != "audit" || principal.role == "admin";
  }
  std::string audience(const policy::Principal& principal) const override {
    return principal.role == "technician" ? "technician/" + principal.user_id : principal.role;
  }
  bool visible(const StoredEvent& event, const policy::Principal& principal) const override {
    if (principal.role != "technician") return true;
    const auto* assigned = event.visibility.if_contains("assignedTo");
    return assigned != nullptr && *assigned == sdk::json::value(principal.user_id);
  }
  sdk::json::value data_for(const StoredEvent& event, const std::string& role) const override {
    ++rendered;
    sdk::json::value data = event.data;
    if (role != "admin") data.as_object().erase("secret");
    return data;
  }
  mutable std::atomic<int> rendered{0};
};

class EventsTest : public ::testing::Test {
 protected:
  EventsTest() {
    testing::TestServers::instance().redis().start();
    redis::RedisSettings settings;
    settings.url = testing::TestServers::instance().redis().url();
    settings.name = "test-" + base::new_uuid();
    redis_ = std::make_unique<redis::Client>(settings, metrics_);
    settings_.poll = milliseconds(50);
    make_hub();
  }
  ~EventsTest() override {
    if (pump_) pump_->stop();
    hub_->stop();
  }

  void make_hub() { hub_ = std::make_unique<WebSocketHub>(reader_, tokens_, visibility_, socket_settings_, metrics_); }
  Pump& start_pump(std::vector<EventSink*> sinks = {}) {
    pump_ = std::make_unique<Pump>(pool_, redis_.get(), std::move(sinks), hub_.get(), settings_, metrics_);
    pump_->start();
    return *pump_;
  }
  /// For sinks of the test's own: ends the pump before they end.
  [[nodiscard]] std::shared_ptr<void> start_pump_while_here(std::vector<EventSink*> sinks) {
    start_pump(std::move(sinks));
    return {nullptr, [this](void*) { pump_->stop(); }};
  }
  static Event make_event(int number, const std::string& topic = "clients", const std::string& assigned_to = "") {
    Event event;
    event.topic = topic;
    event.action = "client.updated";
    event.entity_kind = "client";
    event.entity_id = "00000000-0000-7000-8000-000000000001";
    event.origin = "api";
    event.changed_fields = {"name", "say \"hi\", {all}"};
    event.data = sdk::json::object{{"number", std::to_string(number)}, {"secret", "s"}};
    if (!assigned_to.empty()) event.visibility["assignedTo"] = assigned_to;
    return event;
  }
  void append_one(int number, const std::string& topic = "clients", const std::string& assigned_to = "") {
    const auto appended = pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) {
      return append(session, {make_event(number, topic, assigned_to)});
    });
    ASSERT_TRUE(appended.ok());
    if (pump_) pump_->wake();
  }
  std::shared_ptr<RecordedSocket> open(const std::string& token = "admin", bool header = true) {
    static std::atomic<std::uint64_t> next_id{1};
    auto socket = std::make_shared<RecordedSocket>(next_id++);
    http::Request upgrade;
    upgrade.path = "/api/v1/ws";
    if (header && !token.empty()) upgrade.headers.emplace_back("Authorization", "Bearer " + token);
    hub_->opened(socket, upgrade);
    if (header && !token.empty()) {
      EXPECT_TRUE(wait_until([&] { return !socket->messages("ready").empty() || socket->close_code() != 0; }));
    }
    return socket;
  }
  void say(const std::shared_ptr<RecordedSocket>& socket, const std::string& text) { hub_->received(socket, text); }
  void subscribe(const std::shared_ptr<RecordedSocket>& socket, const std::string& topics,
                 const std::string& after = "") {
    const std::size_t before = socket->messages("subscribed").size();
    say(socket, R"({"type":"subscribe","topics":[)" + topics + "]" +
                    (after.empty() ? "" : R"(,"after":")" + after + "\"") + "}");
    EXPECT_TRUE(wait_until([&] { return socket->messages("subscribed").size() > before; }));
  }
  static std::vector<std::string> numbers(int from, int upto) {
    std::vector<std::string> expected;
    for (int number = from; number <= upto; ++number) expected.push_back(std::to_string(number));
    return expected;
  }
  void wait_for_tail() {
    EXPECT_TRUE(wait_until([&] { return !open()->messages("ready").front().at("lastEventId").as_string().empty(); }));
  }

  base::Metrics metrics_;
  testing::TestDatabase database_;
  storage::PgPool pool_{storage::PgPoolSettings{.url = database_.url()}, metrics_};
  OutboxReader reader_{pool_};
  std::unique_ptr<redis::Client> redis_;
  RoleTokens tokens_;
  TestVisibility visibility_;
  WebSocketSettings socket_settings_;
  PumpSettings settings_;
  std::unique_ptr<WebSocketHub> hub_;
  std::unique_ptr<Pump> pump_;
};

TEST_F(EventsTest, AnEventIsReadBackAsItWasAppended) {
  const auto start = reader_.present();
  ASSERT_TRUE(start.ok());
  append_one(1);
  const auto events = reader_.read(*start, 10);
  ASSERT_TRUE(events.ok());
  ASSERT_EQ(events->size(), 1u);
  const Event expected = make_event(1);
  EXPECT_EQ(events->front().changed_fields, expected.changed_fields);
  EXPECT_EQ(events->front().data, expected.data);
  EXPECT_EQ(events->front().topic, "clients");
  EXPECT_TRUE(parse_position(events->front().position).has_value());
}

TEST_F(EventsTest, ATransactionThatCommitsLateIsNotSkipped) {
  start_pump();
  wait_for_tail();
  const auto socket = open();
  subscribe(socket, R"("clients")");
  const auto outer = pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(append(session, {make_event(1)}));
    append_one(2);  // begun later, committed earlier
    return {};
  });
  ASSERT_TRUE(outer.ok());
  pump_->wake();
  append_one(3);
  ASSERT_TRUE(wait_until([&] { return socket->entity_numbers().size() == 3; }));
  EXPECT_EQ(socket->entity_numbers(), numbers(1, 3));
}

TEST_F(EventsTest, WhatWasRolledBackIsNeverSeen) {
  start_pump();
  wait_for_tail();
  const auto socket = open();
  subscribe(socket, R"("clients")");
  const auto failed = pool_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(append(session, {make_event(1)}));
    return sdk::invalid_error("test.no", "no");
  });
  ASSERT_FALSE(failed.ok());
  append_one(2);
  ASSERT_TRUE(wait_until([&] { return !socket->entity_numbers().empty(); }));
  EXPECT_EQ(socket->entity_numbers(), numbers(2, 2));
}

TEST_F(EventsTest, ASocketResumesWithoutGapOrDuplicateWhileEventsStream) {
  socket_settings_.recent_events_max = 20;  // so that the replay comes from PostgreSQL as well
  hub_->stop();
  make_hub();
  start_pump();
  wait_for_tail();
  const auto first = open();
  subscribe(first, R"("clients")");
  append_one(0);
  ASSERT_TRUE(wait_until([&] { return first->entity_numbers().size() == 1; }));
  const std::string last_seen = sdk::string_at(first->messages("event").front(), "id");
  hub_->closed(first->id());
  constexpr int kCount = 400;
  std::thread writer([&] {
    for (int number = 1; number <= kCount; ++number) append_one(number, number % 7 == 0 ? "jobs" : "clients");
  });
  std::vector<std::shared_ptr<RecordedSocket>> sockets;
  for (int index = 0; index < 8; ++index) {
    sockets.push_back(open());
    subscribe(sockets.back(), R"("clients","jobs")", last_seen);
  }
  writer.join();
  for (const auto& socket : sockets) {
    EXPECT_TRUE(wait_until([&] { return socket->entity_numbers().size() >= kCount; }));
    EXPECT_EQ(socket->entity_numbers(), numbers(1, kCount));
    EXPECT_TRUE(socket->messages("gap").empty());
  }
}

TEST_F(EventsTest, TooOldToResumeIsAGapAndThenLive) {
  settings_.retention = milliseconds(1);
  settings_.retention_interval = milliseconds(20);
  const auto start = reader_.present();
  append_one(1);
  append_one(2);
  start_pump();
  wait_for_tail();
  ASSERT_TRUE(wait_until([&] { return reader_.trimmed().ok() && reader_.trimmed()->has_value(); }));
  // With so short a life an event could be gone before a slow machine sends it.
  settings_.retention = std::chrono::hours(1);
  start_pump();
  wait_for_tail();
  for (const std::string& after : {format_position(*start), std::string("9999999999-1")}) {
    const auto socket = open();
    subscribe(socket, R"("clients")", after);
    EXPECT_TRUE(wait_until([&] { return socket->messages("gap").size() == 1; })) << after;
    const std::size_t before = socket->entity_numbers().size();
    append_one(3);
    EXPECT_TRUE(wait_until([&] { return socket->entity_numbers().size() == before + 1; })) << after;
  }
}

TEST_F(EventsTest, RetentionWaitsForASinkThatMustNotLose) {
  class StuckSink : public EventSink {
   public:
    std::string name() const override { return "stuck"; }
    sdk::Result<void> deliver(storage::Session&, const std::vector<StoredEvent>& events) override {
      if (stuck) return sdk::transient_error("test.stuck", "stuck");
      count += events.size();
      return {};
    }
    std::atomic<bool> stuck{true};
    std::atomic<std::size_t> count{0};
  } sink;
  settings_.retention = milliseconds(1);
  settings_.retention_interval = milliseconds(10);
  const auto running = start_pump_while_here({&sink});
  ASSERT_TRUE(wait_until([&] {
    return pool_.query(storage::Lane::kWorker, "select 1 from event_sinks where name = 'stuck'")
               .value_or(storage::Rows())
               .size() == 1;
  }));
  for (int number = 0; number < 5; ++number) append_one(number);
  EXPECT_EQ(reader_.trim(milliseconds(0), {"stuck"}, 100).value_or(99), 0u);
  sink.stuck = false;
  pump_->wake();
  EXPECT_TRUE(wait_until([&] { return sink.count == 5; }));
  EXPECT_TRUE(wait_until(
      [&] { return pool_.query(storage::Lane::kWorker, "select 1 from outbox").value_or(storage::Rows()).empty(); }));
  EXPECT_EQ(sink.count, 5u);
}

TEST_F(EventsTest, TwoHostsDeliverEachEventOnceToASharedSink) {
  class CountingSink : public EventSink {
   public:
    std::string name() const override { return "counting"; }
    sdk::Result<void> deliver(storage::Session&, const std::vector<StoredEvent>& events) override {
      const std::lock_guard lock(mutex);
      for (const auto& event : events) seen.push_back(event.position);
      return {};
    }
    std::mutex mutex;
    std::vector<std::string> seen;
  } sink;
  const auto running = start_pump_while_here({&sink});
  Pump other(pool_, redis_.get(), {&sink}, nullptr, settings_, metrics_);
  other.start();
  ASSERT_TRUE(wait_until([&] {
    return pool_.query(storage::Lane::kWorker, "select 1 from event_sinks where name = 'counting'")
               .value_or(storage::Rows())
               .size() == 1;
  }));
  for (int number = 0; number < 200; ++number) append_one(number);
  EXPECT_TRUE(wait_until([&] {
    const std::lock_guard lock(sink.mutex);
    return sink.seen.size() >= 200;
  }));
  other.stop();
  const std::lock_guard lock(sink.mutex);
  EXPECT_EQ(sink.seen.size(), 200u);
  EXPECT_EQ(std::set<std::string>(sink.seen.begin(), sink.seen.end()).size(), 200u);
}

TEST_F(EventsTest, RedisSubscribersHearEveryEventOfTheirTopic) {
  std::mutex mutex;
  std::vector<std::string> heard;
  redis::Subscription subscription(*redis_, {redis_->key("events:clients")},
                                   [&](const std::string&, const std::string& message) {
                                     const std::lock_guard lock(mutex);
                                     heard.push_back(message);
                                   });
  ASSERT_TRUE(wait_until([&] { return subscription.connected(); }));
  RedisPublisher publisher(*redis_);
  const auto running = start_pump_while_here({&publisher});
  ASSERT_TRUE(wait_until([&] {
    return pool_.query(storage::Lane::kWorker, "select 1 from event_sinks where name = 'redis'")
               .value_or(storage::Rows())
               .size() == 1;
  }));
  append_one(1);
  append_one(2, "jobs");
  append_one(3);
  EXPECT_TRUE(wait_until([&] {
    const std::lock_guard lock(mutex);
    return heard.size() == 2;
  }));
  const std::lock_guard lock(mutex);
  const auto parsed = sdk::parse_json(heard.front());
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(sdk::string_at(*parsed, "data.number"), "1");
  EXPECT_EQ(sdk::string_at(*parsed, "action"), "client.updated");
}

TEST_F(EventsTest, EachSeesWhatTheRoleMaySeeAndTheTextIsMadeOncePerRole) {
  start_pump();
  wait_for_tail();
  std::vector<std::shared_ptr<RecordedSocket>> viewers;
  for (int index = 0; index < 20; ++index) viewers.push_back(open("viewer/" + std::to_string(index)));
  const auto admin = open("admin");
  const auto mine = open("technician/1");
  const auto other = open("technician/2");
  for (const auto& socket : viewers) subscribe(socket, R"("clients")");
  for (const auto& socket : {admin, mine, other}) subscribe(socket, R"("clients")");
  visibility_.rendered = 0;
  append_one(1, "clients", "technician/1");
  append_one(2);
  ASSERT_TRUE(
      wait_until([&] { return admin->entity_numbers().size() == 2 && viewers.back()->entity_numbers().size() == 2; }));
  EXPECT_EQ(mine->entity_numbers(), numbers(1, 1));
  EXPECT_TRUE(other->entity_numbers().empty());
  EXPECT_EQ(sdk::string_at(admin->messages("event").front(), "data.secret"), "s");
  EXPECT_EQ(sdk::string_at(viewers.front()->messages("event").front(), "data.secret"), "");
  EXPECT_EQ(viewers.front()->buffers().back(), viewers.back()->buffers().back()) << "one buffer for all of a role";
  EXPECT_EQ(visibility_.rendered, 5) << "admin and viewer twice, one technician once";
}

TEST_F(EventsTest, TheTokenComesByHeaderSubprotocolOrFirstMessage) {
  start_pump();
  http::Request upgrade;
  upgrade.path = "/api/v1/ws";
  upgrade.headers.emplace_back("Sec-WebSocket-Protocol", "patchbay, patchbay.bearer.admin");
  std::string protocol;
  EXPECT_FALSE(hub_->accept(upgrade, protocol).has_value());
  EXPECT_EQ(protocol, "patchbay");
  const auto by_protocol = std::make_shared<RecordedSocket>(1'000'001);
  hub_->opened(by_protocol, upgrade);
  EXPECT_TRUE(wait_until([&] { return by_protocol->messages("ready").size() == 1; }));
  const auto by_message = open("", false);
  say(by_message, R"({"type":"subscribe","topics":["clients"]})");
  EXPECT_EQ(by_message->messages("error").size(), 1u);
  say(by_message, R"({"type":"auth","token":"viewer"})");
  EXPECT_TRUE(wait_until([&] { return by_message->messages("ready").size() == 1; }));
  upgrade.path = "/somewhere/ws";
  EXPECT_EQ(hub_->accept(upgrade, protocol)->status, 404);
}

TEST_F(EventsTest, BadMissingExpiredAndRevokedTokensCloseTheSocket) {
  socket_settings_.auth_timeout = milliseconds(100);
  socket_settings_.recheck_interval = milliseconds(100);
  hub_->stop();
  make_hub();
  start_pump();
  EXPECT_EQ(open("bad")->close_code(), 4401);
  EXPECT_EQ(open("forbidden")->close_code(), 4403);
  const auto silent = open("", false);
  EXPECT_TRUE(wait_until([&] { return silent->close_code() == 4401; }));
  const auto brief = open("brief");
  EXPECT_TRUE(wait_until([&] { return brief->close_code() == 4401; }));
  const auto signed_out = open("manager");
  const auto other = open("admin");
  hub_->revoke_session("manager");
  EXPECT_EQ(signed_out->close_code(), 4401);
  EXPECT_EQ(other->close_code(), 0);
  tokens_.ended = true;
  EXPECT_TRUE(wait_until([&] { return other->close_code() == 4401; }));
}

TEST_F(EventsTest, MessagesAreCheckedAndBounded) {
  socket_settings_.messages_per_minute = 10;
  hub_->stop();
  make_hub();
  start_pump();
  const auto socket = open("viewer");
  say(socket, "not json");
  say(socket, R"({"type":"dance"})");
  say(socket, R"({"type":"subscribe","topics":["nothing"]})");
  say(socket, R"({"type":"subscribe","topics":["audit"]})");
  say(socket, R"({"type":"subscribe","topics":["clients"],"after":"yesterday"})");
  EXPECT_EQ(socket->messages("error").size(), 5u);
  say(socket, R"({"type":"ping"})");
  EXPECT_EQ(socket->messages("pong").size(), 1u);
  for (int index = 0; index < 30; ++index) say(socket, R"({"type":"ping"})");
  EXPECT_EQ(socket->messages("pong").size(), 5u);
  EXPECT_EQ(socket->close_code(), 1008);
}

}  // namespace
}  // namespace patchbay::events
