#include "platform/redis/client.hpp"
#include "tests/support/test_servers.hpp"

#include <gtest/gtest.h>

#include <future>

namespace patchbay::redis {
namespace {

using namespace std::chrono_literals;
using testing::RedisServer;
using testing::TestServers;

class StreamReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.start();
    ASSERT_TRUE(client_.command({"FLUSHALL"}).ok());
  }
  std::string add(const std::string& value) {
    const auto id = client_.command({"XADD", key_, "*", "id", value, "kind", "receipt"});
    EXPECT_TRUE(id.ok());
    return id.ok() ? id->text : "";
  }
  RedisServer& server_ = TestServers::instance().redis();
  base::Metrics metrics_;
  Client client_{{.url = server_.url(), .name = "test"}, metrics_};
  const std::string key_ = client_.key("road");
  StreamReader reader_{client_, key_, "workers", "one"};
};

TEST_F(StreamReaderTest, ReadsWhatWasAddedBeforeTheGroupWasMade) {
  add("a");
  add("b");
  const auto entries = reader_.read(10, 10ms);
  ASSERT_TRUE(entries.ok()) << entries.error().code;
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].fields, (std::vector<std::pair<std::string, std::string>>{{"id", "a"}, {"kind", "receipt"}}));
  const auto none = reader_.read(10, 10ms);
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
}

TEST_F(StreamReaderTest, CountIsHonoured) {
  for (int index = 0; index < 5; ++index) add(std::to_string(index));
  EXPECT_EQ(reader_.read(3, 10ms)->size(), 3u);
  EXPECT_EQ(reader_.read(3, 10ms)->size(), 2u);
}

TEST_F(StreamReaderTest, BlockedReadIsWokenByAnEntry) {
  ASSERT_TRUE(reader_.read(1, 1ms).ok());
  auto reading = std::async(std::launch::async, [&] { return reader_.read(1, 8s); });
  add("late");
  const auto entries = reading.get();
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1u);
}

TEST_F(StreamReaderTest, BlockMayBeLongerThanTheCommandTimeout) {
  Client hasty({.url = server_.url(), .name = "test", .command_timeout = 100ms}, metrics_);
  StreamReader reader(hasty, key_, "workers", "one");
  const auto entries = reader.read(1, 400ms);
  ASSERT_TRUE(entries.ok()) << entries.error().code;
  EXPECT_TRUE(entries->empty());
}

TEST_F(StreamReaderTest, AcknowledgedEntryLeavesTheMemory) {
  const auto first = add("a");
  add("b");
  ASSERT_EQ(reader_.read(10, 10ms)->size(), 2u);
  ASSERT_TRUE(reader_.acknowledge({first}).ok());
  EXPECT_EQ(client_.command({"XLEN", key_})->integer, 1);
  EXPECT_EQ(client_.command({"XPENDING", key_, "workers"})->items[0].integer, 1);
  EXPECT_TRUE(reader_.acknowledge({}).ok());
}

TEST_F(StreamReaderTest, IdleEntriesOfADeadConsumerAreClaimed) {
  add("a");
  add("b");
  StreamReader dead(client_, key_, "workers", "dead");
  ASSERT_EQ(dead.read(10, 10ms)->size(), 2u);
  EXPECT_TRUE(reader_.claim_idle(1h, 10)->empty());
  const auto first = reader_.claim_idle(0ms, 1);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->size(), 1u);
  EXPECT_EQ((*first)[0].fields[0].second, "a");
  const auto second = reader_.claim_idle(0ms, 1);
  ASSERT_EQ(second->size(), 1u);
  EXPECT_EQ((*second)[0].fields[0].second, "b") << "goes on where the last claim ended";
}

TEST_F(StreamReaderTest, LostStreamIsMadeAnew) {
  ASSERT_TRUE(reader_.read(1, 1ms).ok());
  ASSERT_TRUE(client_.command({"DEL", key_}).ok());
  const auto id = add("after the loss");
  const auto entries = reader_.read(1, 10ms);
  ASSERT_TRUE(entries.ok()) << entries.error().code;
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].id, id);
}

TEST_F(StreamReaderTest, StreamDeletedUnderABlockedReadIsMadeAnew) {
  ASSERT_TRUE(reader_.read(1, 1ms).ok());
  auto reading = std::async(std::launch::async, [&] { return reader_.read(1, 8s); });
  ASSERT_TRUE(client_.command({"DEL", key_}).ok());
  add("after the loss");
  const auto entries = reading.get();
  ASSERT_TRUE(entries.ok()) << entries.error().code;
  EXPECT_EQ(entries->size(), 1u);
}

TEST_F(StreamReaderTest, ClaimAfterALostGroupFindsNothingAndGoesOn) {
  EXPECT_TRUE(reader_.claim_idle(0ms, 10)->empty());
  add("a");
  EXPECT_EQ(reader_.read(1, 10ms)->size(), 1u);
}

TEST_F(StreamReaderTest, WipedServerIsSurvived) {
  add("lost");
  ASSERT_EQ(reader_.read(1, 10ms)->size(), 1u);
  server_.wipe();
  static_cast<void>(reader_.read(1, 1ms));  // may notice the broken connection
  const auto id = add("after");
  const auto entries = reader_.read(10, 10ms);
  ASSERT_TRUE(entries.ok()) << entries.error().code;
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ((*entries)[0].id, id);
}

TEST_F(StreamReaderTest, StoppedServerIsAnErrorAndThenFoundAgain) {
  ASSERT_TRUE(reader_.read(1, 1ms).ok());
  server_.stop();
  const auto refused = reader_.read(1, 10ms);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, "redis.unavailable");
  server_.start();
  EXPECT_TRUE(reader_.read(1, 1ms).ok());
}

}  // namespace
}  // namespace patchbay::redis
