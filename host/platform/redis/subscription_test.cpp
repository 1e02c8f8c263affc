#include "platform/redis/client.hpp"
#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <mutex>

namespace patchbay::redis {
namespace {

using namespace std::chrono_literals;
using testing::RedisServer;
using testing::TestServers;
using testing::wait_until;

class SubscriptionTest : public ::testing::Test {
 protected:
  void SetUp() override { server_.start(); }
  Subscription subscribe(std::vector<std::string> channels) {
    return Subscription(
        client_, std::move(channels),
        [this](const std::string& channel, const std::string& message) {
          const std::lock_guard lock(mutex_);
          messages_.push_back(channel + "=" + message);
          if (message == "throw") throw std::runtime_error("a subscriber's bug");
        },
        [this] { ++reconnects_; });
  }
  bool got(const std::string& message) {
    return wait_until([&] {
      const std::lock_guard lock(mutex_);
      return std::find(messages_.begin(), messages_.end(), message) != messages_.end();
    });
  }
  RedisServer& server_ = TestServers::instance().redis();
  base::Metrics metrics_;
  Client client_{{.url = server_.url()}, metrics_};
  std::mutex mutex_;
  std::vector<std::string> messages_;
  std::atomic<int> reconnects_{0};
};

TEST_F(SubscriptionTest, MessagesOfAllChannelsArriveInOrder) {
  const auto subscription = subscribe({"a", "b"});
  ASSERT_TRUE(wait_until([&] { return subscription.connected(); }));
  ASSERT_TRUE(client_.command({"PUBLISH", "a", "1"}).ok());
  ASSERT_TRUE(client_.command({"PUBLISH", "b", std::string("\0\r\n", 3)}).ok());
  ASSERT_TRUE(client_.command({"PUBLISH", "c", "not ours"}).ok());
  ASSERT_TRUE(client_.command({"PUBLISH", "a", "2"}).ok());
  ASSERT_TRUE(got("a=2"));
  EXPECT_EQ(messages_, (std::vector<std::string>{"a=1", "b=" + std::string("\0\r\n", 3), "a=2"}));
  EXPECT_EQ(reconnects_, 0);
}

TEST_F(SubscriptionTest, SubscriberThatThrowsHearsTheNextMessage) {
  const auto subscription = subscribe({"a"});
  ASSERT_TRUE(wait_until([&] { return subscription.connected(); }));
  ASSERT_TRUE(client_.command({"PUBLISH", "a", "throw"}).ok());
  ASSERT_TRUE(client_.command({"PUBLISH", "a", "next"}).ok());
  EXPECT_TRUE(got("a=next"));
}

TEST_F(SubscriptionTest, LostConnectionIsMadeAgainAndSaid) {
  const auto subscription = subscribe({"a"});
  ASSERT_TRUE(wait_until([&] { return subscription.connected(); }));
  ASSERT_TRUE(client_.command({"CLIENT", "KILL", "TYPE", "pubsub"}).ok());
  ASSERT_TRUE(wait_until([&] { return reconnects_ == 1 && subscription.connected(); }));
  ASSERT_TRUE(client_.command({"PUBLISH", "a", "again"}).ok());
  EXPECT_TRUE(got("a=again"));
}

TEST_F(SubscriptionTest, ServerThatIsDownAtFirstIsFoundLater) {
  server_.stop();
  const auto subscription = subscribe({"a"});
  EXPECT_FALSE(subscription.connected());
  server_.start();
  ASSERT_TRUE(wait_until([&] { return subscription.connected(); }));
  ASSERT_TRUE(client_.command({"PUBLISH", "a", "hello"}).ok());
  EXPECT_TRUE(got("a=hello"));
}

TEST_F(SubscriptionTest, EndsAtOnceWhileTheServerIsSilentOrAway) {
  auto limit = [](auto&& end) {
    const auto begin = std::chrono::steady_clock::now();
    end();
    return std::chrono::steady_clock::now() - begin < 2s;
  };
  auto subscription = std::unique_ptr<Subscription>(new Subscription(subscribe({"a"})));
  ASSERT_TRUE(wait_until([&] { return subscription->connected(); }));
  server_.pause();
  EXPECT_TRUE(limit([&] { subscription.reset(); }));
  server_.resume();
  server_.stop();
  auto waiting = std::unique_ptr<Subscription>(new Subscription(subscribe({"a"})));
  EXPECT_TRUE(limit([&] { waiting.reset(); }));
}

}  // namespace
}  // namespace patchbay::redis
