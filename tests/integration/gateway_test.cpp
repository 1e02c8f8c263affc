// The gateway with its real neighbours: server, PostgreSQL, Redis.
#include "engine/gateway/gateway.hpp"

#include "platform/base/digest.hpp"
#include "tests/integration/auth_host.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>

namespace patchbay {
namespace {

using gateway::IdempotencyStore;
using testing::ApiAnswer;
using testing::AuthHost;
using namespace std::chrono_literals;

/// A gate that a handler stands at until the test opens it.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait_for(lock, 10s, [&] { return open_; });
  }
  void wait_for_one() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [&] { return waiting_ > 0; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class GatewayIntegrationTest : public ::testing::Test {
 protected:
  void SetUp() override { testing::TestServers::instance().redis().start(); }

  void TearDown() override { gate_.open(); }

  AuthHost& host() {
    if (host_) return *host_;
    AuthHost::Options options;
    options.routes = routes();
    host_ = std::make_unique<AuthHost>(database_.url(), testing::TestServers::instance().redis().url(), clock_,
                                       std::move(options));
    return *host_;
  }

  gateway::Routes routes() {
    gateway::Routes routes;
    const auto add = [&](const char* pattern, gateway::BlockingHandler handler) -> gateway::Route& {
      gateway::Route route;
      route.method = "POST";
      route.pattern = pattern;
      route.access = gateway::Access::kPublic;
      route.handler = std::move(handler);
      routes.push_back(std::move(route));
      return routes.back();
    };
    add("/things", [this](const gateway::RequestContext&) -> sdk::Result<http::Response> {
      return gateway::data_response(201, {{"number", ++effects_}});
    });
    add("/secrets", [this](const gateway::RequestContext&) -> sdk::Result<http::Response> {
      return gateway::data_response(201, {{"secret", "s3cr3t" + std::to_string(++effects_)}});
    }).secret_answer = true;
    add("/slow", [this](const gateway::RequestContext&) -> sdk::Result<http::Response> {
      gate_.pass();
      return gateway::data_response(201, {{"number", ++effects_}});
    });
    add("/fails", [this](const gateway::RequestContext&) -> sdk::Result<http::Response> {
      if (++effects_ == 1) return sdk::transient_error("storage.unavailable", "away");
      return gateway::data_response(201, {{"number", effects_.load()}});
    });
    add("/doubtful", [this](const gateway::RequestContext&) -> sdk::Result<http::Response> {
      ++effects_;
      return sdk::transient_error("storage.in_doubt", "The connection was lost during commit.");
    });
    return routes;
  }

  ApiAnswer post(const std::string& path, const std::string& key, const sdk::json::object& body = {{"a", 1}}) {
    return host().client().post("/api/v1" + path, body, {{"Idempotency-Key", key}});
  }

  testing::TestDatabase database_;
  testing::MovedClock clock_;
  Gate gate_;
  std::atomic<int> effects_ = 0;
  std::unique_ptr<AuthHost> host_;
};

TEST_F(GatewayIntegrationTest, ARepeatGetsTheFirstAnswerWithoutASecondEffect) {
  const auto first = post("/things", "k-1");
  const auto second = post("/things", "k-1");
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(second.status, 201);
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(first.header("Idempotency-Replayed"), "");
  EXPECT_EQ(second.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(effects_, 1);
  EXPECT_EQ(post("/things", "k-2").status, 201);
  EXPECT_EQ(effects_, 2);
}

TEST_F(GatewayIntegrationTest, TheSameKeyWithAnotherBodyIsRefused) {
  EXPECT_EQ(post("/things", "k-1").status, 201);
  const auto other = post("/things", "k-1", {{"a", 2}});
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.at("code"), "request.idempotency_mismatch");
  EXPECT_EQ(effects_, 1);
}

TEST_F(GatewayIntegrationTest, ASecretIsNotKept) {
  EXPECT_EQ(post("/secrets", "k-1").status, 201);
  const auto repeat = post("/secrets", "k-1");
  EXPECT_EQ(repeat.status, 409);
  EXPECT_EQ(repeat.at("code"), "request.already_created");
  const auto rows = host().database().query(storage::Lane::kInteractive,
                                            "select coalesce(response, '-') as response from idempotency_keys");
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->text(0, "response"), "-");
  EXPECT_EQ(effects_, 1);
}

TEST_F(GatewayIntegrationTest, ARepeatOfWhatIsUnderWayIsRefused) {
  host();
  auto first = std::async(std::launch::async, [&] { return post("/slow", "k-1"); });
  gate_.wait_for_one();
  const auto second = post("/slow", "k-1");
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(second.at("code"), "request.under_way");
  gate_.open();
  EXPECT_EQ(first.get().status, 201);
  EXPECT_EQ(post("/slow", "k-1").header("Idempotency-Replayed"), "true");
  EXPECT_EQ(effects_, 1);
}

TEST_F(GatewayIntegrationTest, AFailureWithoutEffectFreesTheKey) {
  EXPECT_EQ(post("/fails", "k-1").status, 503);
  EXPECT_EQ(post("/fails", "k-1").status, 201);
  EXPECT_EQ(effects_, 2);
}

TEST_F(GatewayIntegrationTest, AnOutcomeInDoubtIsNeverRunAgain) {
  EXPECT_EQ(post("/doubtful", "k-1").status, 503);
  EXPECT_EQ(post("/doubtful", "k-1").at("code"), "request.under_way");
  clock_.advance(3min);
  const auto later = post("/doubtful", "k-1");
  EXPECT_EQ(later.status, 409);
  EXPECT_EQ(later.at("code"), "request.outcome_unknown");
  EXPECT_EQ(effects_, 1);
}

TEST_F(GatewayIntegrationTest, AKeyIsFreeAgainAfterADay) {
  EXPECT_EQ(post("/things", "k-1").status, 201);
  clock_.advance(24h + 1s);
  EXPECT_EQ(post("/things", "k-1").status, 201);
  EXPECT_EQ(effects_, 2);
}

TEST_F(GatewayIntegrationTest, OldKeysAreRemoved) {
  EXPECT_EQ(post("/things", "k-1").status, 201);
  EXPECT_EQ(post("/things", "k-2").status, 201);
  clock_.advance(25h);
  IdempotencyStore store(host().database(), clock_);
  const auto removed = store.remove_expired();
  ASSERT_TRUE(removed.ok());
  EXPECT_EQ(*removed, 2U);
}

TEST_F(GatewayIntegrationTest, ServesHeadAndRefusalsThroughTheRealServer) {
  const auto unknown = host().client().get("/api/v1/nothing", {{"X-Request-Id", "it-1"}});
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.header("Content-Type"), "application/problem+json");
  EXPECT_EQ(unknown.header("X-Request-Id"), "it-1");
  EXPECT_EQ(unknown.at("requestId"), "it-1");
  EXPECT_EQ(unknown.header("X-Content-Type-Options"), "nosniff");
  const auto head = host().client().send("HEAD", "/api/v1/auth/me", "");
  EXPECT_EQ(head.status, 401);
  EXPECT_EQ(head.body, "");
}

class SharedLimitTest : public ::testing::Test {
 protected:
  SharedLimitTest() {
    testing::TestServers::instance().redis().start();
    redis_settings_.url = testing::TestServers::instance().redis().url();
    redis_settings_.name = "limits" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name();
    limits_.share_period = 10ms;
  }
  static std::string shared_count(redis::Client& redis) {
    const auto keys = redis.command({"KEYS", redis.key("limit:*")});
    if (!keys.ok() || keys->items.size() != 1) return "";
    const auto count = redis.command({"GET", keys->items[0].text});
    return count.ok() ? count->text : "";
  }
  redis::RedisSettings redis_settings_;
  gateway::LimitSettings limits_;
  base::Metrics metrics_;
  testing::MovedClock clock_;
};

TEST_F(SharedLimitTest, TwoHostsCountTogether) {
  redis::Client first_redis(redis_settings_, metrics_);
  redis::Client second_redis(redis_settings_, metrics_);
  limits_.user_per_minute = 10;
  gateway::RateLimiter first(limits_, clock_, &first_redis, metrics_);
  gateway::RateLimiter second(limits_, clock_, &second_redis, metrics_);
  first.start();
  second.start();
  for (int index = 0; index < 9; ++index) EXPECT_TRUE(first.count(gateway::Limit::kUser, "u").allowed);
  ASSERT_TRUE(testing::wait_until([&] { return shared_count(first_redis) == "9"; }));
  // The second host counts one of its own and learns the first one's nine with it.
  EXPECT_TRUE(second.count(gateway::Limit::kUser, "u").allowed);
  EXPECT_TRUE(testing::wait_until([&] { return !second.look(gateway::Limit::kUser, "u").allowed; }));
}

TEST_F(SharedLimitTest, CountsForItselfWhileRedisIsAway) {
  redis_settings_.url = "unix:///nonexistent/redis.sock";
  redis::Client redis(redis_settings_, metrics_);
  gateway::RateLimiter limiter(limits_, clock_, &redis, metrics_);
  limiter.start();
  for (int index = 0; index < 5; ++index) EXPECT_TRUE(limiter.count(gateway::Limit::kAuthAddress, "a").allowed);
  EXPECT_FALSE(limiter.count(gateway::Limit::kAuthAddress, "a").allowed);
}

}  // namespace
}  // namespace patchbay
