// What is answered 200 takes effect once: bad signatures, repeats, a slow or stopped PostgreSQL, a lost Redis,
// poisonous records.
#include "tests/integration/webhooks_fixture.hpp"

namespace patchbay::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using webhooks::Fallback;

TEST_F(WebhooksTest, AnEventIsStoredAnsweredAndAppliedOnce) {
  add_connection("main", "false");
  open_door();
  const std::string body = customer_event("evt_1", "cus_1", "Ada");
  const http::Response first = send(body);
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.body, R"({"received":true})");
  EXPECT_EQ(count("due"), "1");
  EXPECT_EQ(send(body).status, 200) << "a repeat";
  start_work();
  ASSERT_TRUE(all_done(1));
  EXPECT_EQ(send(body).status, 200) << "a repeat after the work";
  EXPECT_EQ(client_name("cus_1@example.com"), "Ada");
  EXPECT_EQ(text("select count(*) from work_items"), "1");
  EXPECT_EQ(text("select count(*) from outbox where entity_kind = 'client'"), "1");
  EXPECT_TRUE(balanced());
}

TEST_F(WebhooksTest, WhatIsNotGenuineIsRefusedAndCountedByAddress) {
  const std::string id = add_connection("main", "false");
  open_door();
  const std::string body = customer_event("evt_1", "cus_1", "Ada");
  EXPECT_EQ(answer_of(post(body, "")).status, 401);
  EXPECT_EQ(answer_of(post(body, sign(body, "other"))).status, 401);
  EXPECT_EQ(answer_of(post(body + " ", sign(body))).status, 401);
  EXPECT_EQ(answer_of(post(body, sign(body), "", "nothing")).status, 404);
  EXPECT_EQ(answer_of(post(body, sign(body), "nothing")).status, 404);
  EXPECT_EQ(answer_of(post(std::string(5 * 1024 * 1024, 'x'), "00")).status, 413);
  for (int index = 0; index < 3; ++index) answer_of(post(body, "00"));
  const http::Response limited = answer_of(post(body, "00"));
  EXPECT_EQ(limited.status, 429);
  EXPECT_TRUE(limited.header("Retry-After").has_value());
  EXPECT_EQ(send(body).status, 200) << "a genuine one from the same address";
  EXPECT_EQ(answer_of(post(body, "00", "", "shop", "192.0.2.2")).status, 401) << "another address";
  EXPECT_EQ(send(body, id).status, 200);
  EXPECT_EQ(send(body, "MAIN").status, 200);
}

TEST_F(WebhooksTest, GenuineOnesHaveALimitWhereOneIsSet) {
  gateway::RateLimiter strict({.webhook_verified_per_minute = 3}, clock_, nullptr, metrics_);
  limits_ = &strict;
  add_connection("main", "false");
  open_door();
  const auto answer = [&](int number, const std::string& address) {
    const std::string body = customer_event("evt_" + std::to_string(number), "cus_1", "Ada");
    return answer_of(post(body, sign(body), "", "shop", address));
  };
  for (int number = 0; number < 3; ++number) EXPECT_EQ(answer(number, "192.0.2.1").status, 200);
  const http::Response limited = answer(3, "192.0.2.1");
  EXPECT_EQ(limited.status, 429);
  EXPECT_TRUE(limited.header("Retry-After").has_value());
  EXPECT_EQ(answer(4, "192.0.2.2").status, 200) << "another address";
  EXPECT_EQ(text("select count(*) from work_items"), "4") << "what is refused is not stored";
}

TEST_F(WebhooksTest, BeforeTheKeysAreLoadedTheServiceIsAskedToComeAgain) {
  on_loop([this] { make_ingress(); });
  const std::string body = customer_event("evt_1", "cus_1", "Ada");
  const http::Response response = send(body);
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.header("Retry-After").has_value());
}

TEST_F(WebhooksTest, ManyAtOnceAreCommittedInGroupsAndAllApplied) {
  add_connection("main", "false");
  open_door();
  start_work();
  constexpr int kCount = 600;
  std::vector<std::future<http::Response>> answers;
  for (int index = 0; index < kCount; ++index) {
    const std::string customer = "cus_" + std::to_string(index % 50);
    const std::string body =
        customer_event("evt_" + std::to_string(index), customer, "Name " + std::to_string(index),
                       "2026-01-01T00:" + std::string(index / 60 < 10 ? "0" : "") + std::to_string(index / 60) + ":" +
                           (index % 60 < 10 ? "0" : "") + std::to_string(index % 60) + "Z");
    answers.push_back(post(body, sign(body)));
  }
  for (auto& answer : answers) EXPECT_EQ(answer_of(std::move(answer)).status, 200);
  ASSERT_TRUE(all_done(kCount));
  EXPECT_EQ(text("select count(*) from clients"), "50");
  for (int customer = 0; customer < 50; ++customer) {
    EXPECT_EQ(client_name("cus_" + std::to_string(customer) + "@example.com"),
              "Name " + std::to_string(550 + customer));
  }
  EXPECT_LT(std::stoi(text("select count(distinct created_at) from work_items")), kCount / 3) << "one commit for many";
  EXPECT_TRUE(balanced());
}

TEST_F(WebhooksTest, WhilePostgresqlIsAwayReceiptsAreKeptInRedisAndDrainedLater) {
  add_connection("main", "false");
  open_door();
  TestServers::instance().postgres().stop();
  for (int index = 0; index < 20; ++index) {
    EXPECT_EQ(send(customer_event("evt_" + std::to_string(index), "cus_" + std::to_string(index), "Ada")).status, 200);
  }
  EXPECT_TRUE(wait_until([&] { return fallback_->at_risk_count().value_or(0) == 20; }));
  TestServers::instance().postgres().start();
  EXPECT_TRUE(wait_until([&] { return fallback_->at_risk_count().value_or(99) == 0; }, seconds(20)));
  start_work();
  ASSERT_TRUE(all_done(20));
  EXPECT_EQ(text("select count(*) from clients"), "20");
  EXPECT_TRUE(balanced());
}

TEST_F(WebhooksTest, ASlowPostgresqlDoesNotKeepTheServiceWaitingAndNothingIsStoredTwice) {
  add_connection("main", "false");
  open_door();
  TestServers::instance().postgres().pause();
  const auto began = std::chrono::steady_clock::now();
  std::vector<std::future<http::Response>> answers;
  for (int index = 0; index < 10; ++index) {
    const std::string body = customer_event("evt_" + std::to_string(index), "cus_" + std::to_string(index), "Ada");
    answers.push_back(post(body, sign(body)));
  }
  for (auto& answer : answers) EXPECT_EQ(answer_of(std::move(answer)).status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(1)) << "Jobber waits one second";
  TestServers::instance().postgres().resume();
  EXPECT_TRUE(wait_until([&] { return fallback_->at_risk_count().value_or(99) == 0; }, seconds(20)));
  start_work();
  ASSERT_TRUE(all_done(10));
  EXPECT_EQ(text("select count(*) from work_items"), "10");
  EXPECT_EQ(text("select count(*) from outbox where entity_kind = 'client'"), "10");
}

TEST_F(WebhooksTest, WithBothAwayTheServiceIsAskedToComeAgain) {
  add_connection("main", "false");
  open_door();
  TestServers::instance().postgres().stop();
  TestServers::instance().redis().kill();
  const http::Response response = send(customer_event("evt_1", "cus_1", "Ada"));
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(response.header("Retry-After").has_value());
  TestServers::instance().redis().start();
  EXPECT_TRUE(wait_until([&] { return send(customer_event("evt_2", "cus_2", "Ada")).status == 200; }));
}

TEST_F(WebhooksTest, ARedisThatDoesNotFsyncIsNoFallback) {
  RedisServer forgetful(TestServers::instance().launcher(), {.append_only = false, .tcp = false, .password = ""});
  forgetful.start();
  fallback_->stop();
  road_->stop();
  connect_redis(forgetful.url());
  add_connection("main", "false");
  open_door();
  EXPECT_EQ(send(customer_event("evt_1", "cus_1", "Ada")).status, 200);
  TestServers::instance().postgres().stop();
  EXPECT_EQ(send(customer_event("evt_2", "cus_2", "Ada")).status, 503);
  EXPECT_EQ(redis_->command({"XLEN", redis_->key("receipts")}).value().integer, 0);
  fallback_->stop();
  road_->stop();
}

TEST_F(WebhooksTest, TheLatestStateIsFetchedOnceForManyEventsOfARecord) {
  add_connection("main", "true");
  open_door();
  set_customer("cus_1", "Latest");
  for (int index = 0; index < 10; ++index)
    send(customer_event("evt_" + std::to_string(index), "cus_1", "Old " + std::to_string(index)));
  start_work();
  ASSERT_TRUE(all_done(10));
  EXPECT_EQ(client_name("cus_1@example.com"), "Latest");
  EXPECT_LT(service_.gets, 10);
  EXPECT_GE(service_.gets, 1);
}

TEST_F(WebhooksTest, ARepeatWithoutAnIdThatComesWhileTheWorkGoesOnIsWorkedOnAgain) {
  add_connection("main", "true");
  open_door();
  set_customer("cus_1", "First");
  const std::string body = customer_event("", "cus_1", "x");
  std::atomic<bool> entered{false};
  std::atomic<bool> release{false};
  service_.on_get = [&] {
    entered = true;
    wait_until([&] { return release.load(); });
  };
  EXPECT_EQ(send(body).status, 200);
  start_work();
  ASSERT_TRUE(wait_until([&] { return entered.load(); }));
  EXPECT_EQ(send(body).status, 200);
  EXPECT_EQ(text("select count(*) from work_items where again"), "1");
  set_customer("cus_1", "Second");
  release = true;
  ASSERT_TRUE(wait_until([&] { return service_.gets >= 2; }));
  ASSERT_TRUE(all_done(1));
  EXPECT_EQ(client_name("cus_1@example.com"), "Second");
  EXPECT_EQ(send(body).status, 200) << "and once more after it was done";
  EXPECT_TRUE(wait_until([&] { return service_.gets >= 3; }));
  EXPECT_EQ(text("select count(*) from work_items"), "1");
  EXPECT_TRUE(balanced());
}

TEST_F(WebhooksTest, AnOlderSnapshotDoesNotOverwriteANewerState) {
  add_connection("main", "false");
  open_door();
  start_work();
  send(customer_event("evt_2", "cus_1", "New", "2026-01-01T00:00:10Z"));
  ASSERT_TRUE(all_done(1));
  send(customer_event("evt_1", "cus_1", "Old", "2026-01-01T00:00:05Z"));
  ASSERT_TRUE(all_done(2));
  EXPECT_EQ(client_name("cus_1@example.com"), "New");
}

TEST_F(WebhooksTest, ARecordThatIsGoneIsDeleted) {
  add_connection("main", "true");
  open_door();
  start_work();
  set_customer("cus_1", "Ada");
  send(customer_event("evt_1", "cus_1", "Ada"));
  ASSERT_TRUE(all_done(1));
  EXPECT_EQ(client_name("cus_1@example.com"), "Ada");
  {
    const std::lock_guard lock(service_.mutex);
    service_.customers.clear();
  }
  send(customer_event("evt_2", "cus_1", "Ada"));
  ASSERT_TRUE(all_done(2));
  EXPECT_EQ(client_name("cus_1@example.com"), "");
}

TEST_F(WebhooksTest, ADeletionIsTheLastStateWhateverTheTimesSay) {
  add_connection("main", "false");
  open_door();
  start_work();
  send(customer_event("evt_1", "cus_1", "Ada", "2026-01-01T00:00:05Z"));
  ASSERT_TRUE(all_done(1));
  send(R"({"id":"evt_2","topic":"customer.deleted","at":"2026-01-01T00:00:04Z","customer":{"id":"cus_1"}})");
  ASSERT_TRUE(all_done(2));
  EXPECT_EQ(client_name("cus_1@example.com"), "");
  send(customer_event("evt_3", "cus_1", "Late", "2026-01-01T00:00:06Z"));
  ASSERT_TRUE(all_done(3));
  EXPECT_EQ(client_name("cus_1@example.com"), "") << "an update that was overtaken does not bring it back";
}

TEST_F(WebhooksTest, OnePoisonousRecordBecomesADeadLetterAndTheOthersAreApplied) {
  add_connection("main", "false");
  open_door();
  for (int index = 0; index < 20; ++index) {
    const std::string name = index == 7 ? std::string(10'000, 'x') : "Name " + std::to_string(index);
    EXPECT_EQ(send(customer_event("evt_" + std::to_string(index), "cus_" + std::to_string(index), name)).status, 200);
  }
  start_work();
  ASSERT_TRUE(all_done(19));
  ASSERT_TRUE(wait_until([&] { return count("dead") == "1"; }));
  EXPECT_EQ(text("select count(*) from clients"), "19");
  const queue::DeadLetters letters(pool_, *queue_);
  const auto list = letters.list({"webhook", "", {}, 20});
  ASSERT_EQ(list->size(), 1u);
  EXPECT_NE(sdk::string_at(list->front(), "error.message"), "");
  EXPECT_TRUE(balanced());
}

TEST_F(WebhooksTest, AnUnreadableBodyIsKeptAsADeadLetter) {
  add_connection("main", "false");
  open_door();
  start_work();
  EXPECT_EQ(send("this is no JSON").status, 200);
  EXPECT_EQ(send("this is no JSON").status, 200);
  ASSERT_TRUE(wait_until([&] { return count("dead") == "1"; }));
  EXPECT_EQ(text("select count(*) from work_items"), "1");
}

TEST_F(WebhooksTest, AServiceThatFailsIsAskedAgainUntilTheDeadLetterAndReplayHeals) {
  add_connection("main", "true");
  open_door();
  set_customer("cus_1", "Ada");
  service_.failure = sdk::transient_error("test.down", "The service is down.");
  start_work();
  EXPECT_EQ(send(customer_event("evt_1", "cus_1", "Ada")).status, 200);
  ASSERT_TRUE(wait_until([&] { return count("dead") == "1"; }));
  EXPECT_EQ(service_.gets, queue_settings_.retry.attempts_max);
  {
    const std::lock_guard lock(service_.mutex);
    service_.failure.reset();
  }
  const queue::DeadLetters letters(pool_, *queue_);
  ASSERT_TRUE(letters.replay(std::stoll(text("select id from work_items")), "webhook").ok());
  ASSERT_TRUE(all_done(1));
  EXPECT_EQ(client_name("cus_1@example.com"), "Ada");
}

TEST_F(WebhooksTest, SeveralEventsOfABodyAreWorkOfTheirOwn) {
  add_connection("main", "false");
  open_door();
  start_work();
  const std::string body = "[" + customer_event("evt_1", "cus_1", "Ada") + "," +
                           customer_event("evt_2", "cus_2", "Bo") + "," + customer_event("evt_1", "cus_1", "Ada") + "]";
  EXPECT_EQ(send(body).status, 200);
  ASSERT_TRUE(all_done(2));
  EXPECT_EQ(client_name("cus_1@example.com"), "Ada");
  EXPECT_EQ(client_name("cus_2@example.com"), "Bo");
}

TEST_F(WebhooksTest, AmongConnectionsTheKeyAndTheAccountDecide) {
  const std::string first = add_connection("first", "false", "acct_1");
  const std::string second = add_connection("second", "false", "acct_2");
  const std::string third = add_connection("third", "false", "", "third-secret");
  open_door();
  const auto stored_for = [&](const std::string& body, const std::string& secret) {
    EXPECT_EQ(answer_of(post(body, sign(body, secret))).status, 200);
    return text("select connection_id from work_items order by id desc limit 1");
  };
  EXPECT_EQ(stored_for(R"({"id":"e1","topic":"x","account":"acct_2"})", kSecret), second);
  EXPECT_EQ(stored_for(R"({"id":"e2","topic":"x","account":"acct_1"})", kSecret), first);
  EXPECT_EQ(stored_for(R"({"id":"e3","topic":"x"})", "third-secret"), third);
}

TEST_F(WebhooksTest, AnEventForAnotherAccountChangesNothing) {
  add_connection("main", "false", "acct_1");
  open_door();
  start_work();
  sdk::json::value body = sdk::json::parse(customer_event("evt_1", "cus_1", "Ada"));
  body.as_object()["account"] = "acct_9";
  EXPECT_EQ(send(sdk::json::serialize(body)).status, 200);
  ASSERT_TRUE(all_done(1));
  EXPECT_EQ(text("select outcome from work_items"), "ignored");
  EXPECT_EQ(text("select count(*) from clients"), "0");
}

TEST_F(WebhooksTest, ADisconnectionIsTakenNoteOf) {
  const std::string id = add_connection("main", "true");
  open_door();
  start_work();
  EXPECT_EQ(send(R"({"id":"evt_1","topic":"app.disconnected"})").status, 200);
  ASSERT_TRUE(all_done(1));
  EXPECT_EQ(text("select state from connections where id = $1", {id}), "disconnected");
}

TEST_F(WebhooksTest, WipingRedisBetweenTheAnswerAndTheWorkLosesNothing) {
  add_connection("main", "false");
  open_door();
  for (int index = 0; index < 50; ++index) {
    EXPECT_EQ(send(customer_event("evt_" + std::to_string(index), "cus_" + std::to_string(index), "Ada")).status, 200);
  }
  ASSERT_TRUE(redis_->command({"FLUSHALL"}).ok());
  start_work();
  ASSERT_TRUE(all_done(50));
  EXPECT_EQ(text("select count(*) from clients"), "50");
}

}  // namespace
}  // namespace patchbay::testing
