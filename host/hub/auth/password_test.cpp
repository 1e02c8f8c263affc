#include "hub/auth/password.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace patchbay::auth {
namespace {

PasswordSettings cheap() {
  PasswordSettings settings;
  settings.memory_bytes = 64 * 1024;
  settings.passes = 1;
  return settings;
}

TEST(PasswordRule, AsksForLengthAndFourKinds) {
  for (const char* good : {"Abcdef1!", "Zz9$aaaa", "Pass word1_", "ÄAbcdef1"})
    EXPECT_TRUE(check_password_rule(good).ok()) << good;
  for (const char* bad : {"", "Abcde1!", "abcdefg1!", "ABCDEFG1!", "Abcdefgh!", "Abcdefg1", "Abcdefg1 "}) {
    const auto checked = check_password_rule(bad, "newPassword");
    ASSERT_FALSE(checked.ok()) << bad;
    EXPECT_EQ(checked.error().code, "auth.weak_password");
    EXPECT_EQ(checked.error().field, "newPassword");
    EXPECT_EQ(checked.error().message,
              "Password must be at least 8 characters and contain uppercase, lowercase, number, and special character");
  }
  EXPECT_FALSE(check_password_rule("Ab1!" + std::string(2000, 'a')).ok());
}

TEST(PasswordHasherTest, UsesTheContractsParameters) {
  const PasswordHasher hasher;
  const auto hash = hasher.hash("Abcdef1!");
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(hash->substr(0, 30), "$argon2id$v=19$m=19456,t=2,p=1");
  EXPECT_TRUE(*hasher.verify("Abcdef1!", *hash));
  EXPECT_FALSE(*hasher.verify("Abcdef1?", *hash));
  EXPECT_FALSE(hasher.needs_rehash(*hash));
}

TEST(PasswordHasherTest, NoticesOldParameters) {
  const PasswordHasher old(cheap());
  const PasswordHasher now;
  const auto hash = old.hash("Abcdef1!");
  EXPECT_TRUE(now.needs_rehash(*hash));
  EXPECT_TRUE(*now.verify("Abcdef1!", *hash));
}

TEST(PasswordHasherTest, NeverMatchesAMalformedHash) {
  const PasswordHasher hasher(cheap());
  for (const char* hash : {"", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"})
    EXPECT_FALSE(*hasher.verify("Abcdef1!", hash));
}

TEST(PasswordHasherTest, SaysBusyInsteadOfWaitingForEver) {
  PasswordSettings settings;
  settings.memory_bytes = 64 * 1024 * 1024;
  settings.passes = 4;
  settings.at_once_max = 1;
  settings.wait_max = std::chrono::milliseconds(1);
  const PasswordHasher hasher(settings);
  std::atomic<int> done = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&] {
      const auto hash = hasher.hash("Abcdef1!");
      if (hash.ok()) ++done;
      if (!hash.ok() && hash.error().code == "auth.busy") ++refused;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GE(done.load(), 1);
  EXPECT_GE(refused.load(), 1);
  EXPECT_EQ(done + refused, 4);
}

}  // namespace
}  // namespace patchbay::auth
