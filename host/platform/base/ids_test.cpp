#include "platform/base/ids.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace patchbay::base {
namespace {

TEST(Uuid, HasVersionSevenAndTheTime) {
  const auto before = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  const std::string uuid = new_uuid();
  const auto after = std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
  ASSERT_TRUE(is_uuid(uuid)) << uuid;
  EXPECT_EQ(uuid[14], '7');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
  const auto time = std::stoll(uuid.substr(0, 8) + uuid.substr(9, 4), nullptr, 16);
  EXPECT_GE(time, before);
  // Ids made before in the same millisecond may have borrowed from the next.
  EXPECT_LE(time, after + 5'000);
}

TEST(Uuid, RisesWithinAThreadEvenBeyondACounterPerMillisecond) {
  std::string last = new_uuid();
  for (int round = 0; round < 100'000; ++round) {
    std::string next = new_uuid();
    ASSERT_LT(last, next);
    last = std::move(next);
  }
}

TEST(Uuid, IsUniqueAcrossThreads) {
  std::mutex mutex;
  std::set<std::string> all;
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&] {
      std::set<std::string> own;
      while (own.size() < 5'000) own.insert(new_uuid());
      const std::lock_guard lock(mutex);
      all.merge(own);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(all.size(), 20'000U);
}

TEST(Uuid, IsRecognised) {
  EXPECT_TRUE(is_uuid("0190b0a4-7c00-7000-8000-00000000abcd"));
  EXPECT_TRUE(is_uuid("0190B0A4-7C00-7000-8000-00000000ABCD"));
  for (const std::string_view text : {"", "0190b0a4-7c00-7000-8000-00000000abc",
                                      "0190b0a4-7c00-7000-8000-00000000abcde", "0190b0a47c00700080000000-0000abcd--",
                                      "0190b0a4-7c00-7000-8000-00000000abcg", "0190b0a4_7c00_7000_8000_00000000abcd"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

TEST(RandomToken, HasTheAskedForBytesAndNeverRepeats) {
  EXPECT_EQ(random_token(32).size(), 43U);
  EXPECT_EQ(random_token(0), "");
  EXPECT_NE(random_token(16), random_token(16));
}

}  // namespace
}  // namespace patchbay::base
