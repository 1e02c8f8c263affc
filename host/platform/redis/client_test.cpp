#include "platform/redis/client.hpp"

#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <future>

namespace patchbay::redis {
namespace {

using namespace std::chrono_literals;
using testing::RedisServer;
using testing::TestServers;
using testing::wait_until;

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    ASSERT_TRUE(client_.command({"FLUSHALL"}).ok());
  }
  RedisSettings settings(std::string url) {
    RedisSettings made;
    made.url = std::move(url);
    made.connect_timeout = 500ms;
    made.command_timeout = 500ms;
    return made;
  }
  RedisServer& server_ = TestServers::instance().redis();
  base::Metrics metrics_;
  Client client_{settings(server_.url()), metrics_};
};

TEST_F(ClientTest, CommandsAndKindsOfReplies) {
  EXPECT_EQ(client_.key("stream"), "patchbay:main:stream");
  const std::string bytes("\0\r\n\xff$5", 6);
  ASSERT_TRUE(client_.command({"SET", "k", bytes}).ok());
  const auto text = client_.command({"GET", "k"});
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(text->kind, Reply::Kind::kText);
  EXPECT_EQ(text->text, bytes);
  EXPECT_EQ(client_.command({"GET", "missing"})->kind, Reply::Kind::kNil);
  EXPECT_EQ(client_.command({"INCR", "n"})->integer, 1);
  const auto list = client_.command({"MGET", "n", "missing"});
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->items.size(), 2u);
  EXPECT_EQ(list->items[0].text, "1");
  EXPECT_EQ(list->items[1].kind, Reply::Kind::kNil);
}

TEST_F(ClientTest, ErrorReplyIsPermanentAndLeavesTheConnectionAlone) {
  ASSERT_TRUE(client_.command({"SET", "k", "hunter2"}).ok());
  const auto id = client_.command({"CLIENT", "ID"});
  const auto wrong = client_.command({"INCR", "k"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, "redis.reply");
  EXPECT_EQ(wrong.error().error_class, sdk::ErrorClass::kPermanent);
  EXPECT_EQ(wrong.error().message.find("hunter2"), std::string::npos);
  EXPECT_EQ(client_.command({"CLIENT", "ID"})->integer, id->integer);
}

TEST_F(ClientTest, PipelineKeepsOrderAndIsolatesErrors) {
  const auto replies = client_.pipeline({{"SET", "k", "x"}, {"INCR", "k"}, {"GET", "k"}});
  ASSERT_TRUE(replies.ok());
  ASSERT_EQ(replies->size(), 3u);
  EXPECT_TRUE((*replies)[0].ok());
  EXPECT_EQ((*replies)[1].error().code, "redis.reply");
  EXPECT_EQ((*replies)[2]->text, "x");
}

TEST_F(ClientTest, TransientAnswersAreSaidToBe) {
  ASSERT_TRUE(client_.command({"CONFIG", "SET", "maxmemory", "1"}).ok());
  const auto full = client_.command({"SET", "k", "x"});
  ASSERT_TRUE(client_.command({"CONFIG", "SET", "maxmemory", "0"}).ok());
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().error_class, sdk::ErrorClass::kTransient);
}

TEST_F(ClientTest, RestartedServerIsFoundAgainWithItsData) {
  ASSERT_TRUE(client_.command({"SET", "k", "x"}).ok());
  server_.kill();
  const auto refused = client_.command({"GET", "k"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "redis.unavailable");
  EXPECT_FALSE(client_.reachable());
  server_.start();
  EXPECT_EQ(client_.command({"GET", "k"})->text, "x") << "the dead connection was noticed before it was used";
  EXPECT_TRUE(client_.reachable());
}

TEST_F(ClientTest, SilentServerTimesOut) {
  ASSERT_TRUE(client_.command({"PING"}).ok());
  server_.pause();
  const auto begin = std::chrono::steady_clock::now();
  const auto silent = client_.command({"PING"});
  const auto took = std::chrono::steady_clock::now() - begin;
  server_.resume();
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.error().code, "redis.unavailable");
  EXPECT_LT(took, 3s);
  EXPECT_EQ(client_.command({"ECHO", "mine"})->text, "mine") << "the late answer must not be taken for another one's";
}

TEST_F(ClientTest, PoolIsBounded) {
  auto narrow = settings(server_.url());
  narrow.connections_max = 2;
  Client client(narrow, metrics_);
  std::vector<std::future<bool>> calls;
  for (int index = 0; index < 16; ++index) {
    calls.push_back(std::async(std::launch::async, [&] { return client.command({"PING"}).ok(); }));
  }
  for (auto& call : calls) EXPECT_TRUE(call.get());
  const auto clients = client_.command({"CLIENT", "LIST"});
  EXPECT_LE(std::count(clients->text.begin(), clients->text.end(), '\n'), 3);
}

TEST_F(ClientTest, LoginAndDatabaseOverTcp) {
  RedisServer::Options options;
  options.tcp = true;
  options.password = "p@ss word";
  RedisServer locked(TestServers::instance().launcher(), options);
  const std::string address = locked.tcp_url().substr(locked.tcp_url().rfind('@') + 1);
  Client good(settings("redis://:p%40ss%20word@" + address + "/2"), metrics_);
  ASSERT_TRUE(good.command({"SET", "k", "x"}).ok());
  EXPECT_NE(good.command({"CLIENT", "LIST"})->text.find(" db=2 "), std::string::npos);
  Client named(settings("redis://default:p%40ss%20word@" + address), metrics_);
  EXPECT_TRUE(named.command({"PING"}).ok());
  Client bad(settings("redis://:wrong@" + address), metrics_);
  const auto refused = bad.command({"PING"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().error_class, sdk::ErrorClass::kPermanent);
  Client none(settings("redis://" + address), metrics_);
  EXPECT_FALSE(none.command({"PING"}).ok());
}

TEST_F(ClientTest, MalformedUrlIsAnErrorOfEveryCommand) {
  Client client(settings("rediss://host"), metrics_);
  EXPECT_EQ(client.command({"PING"}).error().code, "redis.url");
}

TEST_F(ClientTest, DurableOnlyWithAlwaysFsyncedFile) {
  EXPECT_TRUE(*client_.durable());
  ASSERT_TRUE(client_.command({"CONFIG", "SET", "appendfsync", "everysec"}).ok());
  Client second(settings(server_.url()), metrics_);
  EXPECT_FALSE(*second.durable());
  ASSERT_TRUE(client_.command({"CONFIG", "SET", "appendfsync", "always"}).ok());
  RedisServer::Options options;
  options.append_only = false;
  RedisServer forgetful(TestServers::instance().launcher(), options);
  Client third(settings(forgetful.url()), metrics_);
  EXPECT_FALSE(*third.durable());
}

TEST_F(ClientTest, DurableIsAskedAnewAfterAReconnect) {
  EXPECT_TRUE(*client_.durable());
  server_.kill();
  EXPECT_FALSE(client_.durable().ok());
  server_.start();
  Client other(settings(server_.url()), metrics_);
  ASSERT_TRUE(other.command({"CONFIG", "SET", "appendfsync", "no"}).ok());
  EXPECT_FALSE(*client_.durable());
  ASSERT_TRUE(other.command({"CONFIG", "SET", "appendfsync", "always"}).ok());
}

TEST_F(ClientTest, RefusedConfigCountsAsNotDurable) {
  ASSERT_TRUE(client_.command({"ACL", "SETUSER", "plain", "on", ">pw", "~*", "+@all", "-config"}).ok());
  Client plain(settings("unix://plain:pw@" + server_.url().substr(7)), metrics_);
  const auto durable = plain.durable();
  ASSERT_TRUE(durable.ok());
  EXPECT_FALSE(*durable);
}

}  // namespace
}  // namespace patchbay::redis
