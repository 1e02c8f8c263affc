#include "platform/base/secret_box.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <vector>

namespace patchbay::base {
namespace {

using testing::HasSubstr;

class SecretBoxTest : public testing::Test {
 protected:
  SecretBoxTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pb-secret-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SecretBoxTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& text) const {
    const auto file = folder_ / "keys";
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  std::string load_error(const std::string& text) const {
    const auto box = SecretBox::load(write(text), true);
    return box.ok() ? "" : box.error().message;
  }

  std::filesystem::path folder_;
};

const std::string kKeyA(64, 'a');
const std::string kKeyB(64, 'b');

TEST_F(SecretBoxTest, OpensWhatItSealed) {
  const auto box = SecretBox::from_hex("k1", kKeyA);
  ASSERT_TRUE(box.ok());
  for (const std::string& secret :
       {std::string(), std::string("sk_live"), std::string("\0\xFF\n", 3), std::string(100'000, 'x')}) {
    const std::string sealed = box->seal(secret, "row-1");
    EXPECT_TRUE(sealed.starts_with("v1.k1."));
    EXPECT_EQ(box->open(sealed, "row-1").value(), secret);
  }
  EXPECT_NE(box->seal("a", "c"), box->seal("a", "c")) << "the nonce is new every time";
}

TEST_F(SecretBoxTest, RefusesEveryChange) {
  const auto box = SecretBox::from_hex("k1", kKeyA).value();
  const std::string sealed = box.seal("secret", "row-1");
  EXPECT_EQ(box.open(sealed, "row-2").error().code, "secrets.damaged");
  for (std::size_t index = 0; index < sealed.size(); ++index) {
    std::string changed = sealed;
    changed[index] = changed[index] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(box.open(changed, "row-1").ok()) << changed;
    EXPECT_FALSE(box.open(sealed.substr(0, index), "row-1").ok()) << index;
  }
  EXPECT_FALSE(SecretBox::from_hex("k1", kKeyB)->open(sealed, "row-1").ok());
}

TEST_F(SecretBoxTest, TheHeadIsPartOfWhatIsAuthenticated) {
  const auto box = SecretBox::load(write("k1 " + kKeyA + "\nk2 " + kKeyA + "\n"), false).value();
  std::string sealed = box.seal("secret", "row-1");
  sealed[4] = '2';
  EXPECT_EQ(box.open(sealed, "row-1").error().code, "secrets.damaged");
}

TEST_F(SecretBoxTest, RotatesKeys) {
  const auto old_box = SecretBox::load(write("2025 " + kKeyA + "\n"), false).value();
  const std::string sealed = old_box.seal("secret", "row");
  const auto new_box =
      SecretBox::load(write("# newest first\n2026 " + kKeyB + "\n\n2025 " + kKeyA + "\n"), false).value();
  EXPECT_EQ(new_box.sealing_key_id(), "2026");
  EXPECT_EQ(new_box.open(sealed, "row").value(), "secret");
  const std::string resealed = new_box.seal("secret", "row");
  const auto error = old_box.open(resealed, "row").error();
  EXPECT_EQ(error.code, "secrets.unknown_key");
  EXPECT_THAT(error.message, HasSubstr("'2026'"));
}

TEST_F(SecretBoxTest, MakesAMissingKeyFileForItsOwnerOnly) {
  const auto file = folder_ / "new" / "secret.keys";
  EXPECT_FALSE(SecretBox::load(file, false).ok());
  EXPECT_FALSE(std::filesystem::exists(file));
  const auto box = SecretBox::load(file, true);
  ASSERT_TRUE(box.ok()) << box.error().message;
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(SecretBox::load(file, true)->open(box->seal("x", "c"), "c").value(), "x")
      << "the second start reads the same key";
  const auto entries = std::filesystem::directory_iterator(file.parent_path());
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1) << "no draft is left";
}

TEST_F(SecretBoxTest, ProcessesThatStartAtOnceAgreeOnOneKey) {
  const auto file = folder_ / "keys";
  std::vector<std::string> derived(8);
  std::vector<std::thread> threads;
  for (std::string& slot : derived) {
    threads.emplace_back([&] {
      const auto box = SecretBox::load(file, true);
      if (box.ok()) slot = box->derive("test");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(derived.front().size(), 32U);
  for (const std::string& slot : derived) EXPECT_EQ(slot, derived.front());
}

TEST_F(SecretBoxTest, SaysWhatIsWrongWithAKeyFileWithoutRepeatingIt) {
  EXPECT_THAT(load_error(""), HasSubstr("holds no key"));
  EXPECT_THAT(load_error("# nothing\n"), HasSubstr("holds no key"));
  EXPECT_THAT(load_error("k1 " + kKeyA + "\nk1 " + kKeyB + "\n"), HasSubstr("line 2"));
  for (const std::string& line :
       {std::string("k1"), "k1 " + kKeyA.substr(2), "k1 " + kKeyA + "aa", "k.1 " + kKeyA, "k1 " + kKeyA + " more",
        "k1 " + std::string(64, 'z'), std::string(5000, 'k') + " " + kKeyA}) {
    const std::string message = load_error("# a comment\n" + line + "\n");
    EXPECT_THAT(message, HasSubstr("line 2")) << line;
    EXPECT_THAT(message, HasSubstr((folder_ / "keys").string()));
    EXPECT_EQ(message.find("aaaa"), std::string::npos) << message;
  }
  EXPECT_THAT(load_error(std::string(100'000, '#')), HasSubstr("too large"));
  EXPECT_FALSE(SecretBox::load(folder_, true).ok()) << "a folder is no key file";
  EXPECT_FALSE(SecretBox::load("/proc/none/keys", true).ok());
}

TEST_F(SecretBoxTest, ChecksAKeyFromTheEnvironment) {
  EXPECT_EQ(SecretBox::from_hex("k1", "abc").error().code, "secrets.key");
  EXPECT_EQ(SecretBox::from_hex("", kKeyA).error().code, "secrets.key");
}

TEST_F(SecretBoxTest, DerivesAKeyForEachPurpose) {
  const auto box = SecretBox::from_hex("k1", kKeyA).value();
  EXPECT_EQ(box.derive("jwt").size(), 32U);
  EXPECT_EQ(box.derive("jwt"), SecretBox::from_hex("other", kKeyA)->derive("jwt"));
  EXPECT_NE(box.derive("jwt"), box.derive("mail"));
  EXPECT_NE(box.derive("jwt"), SecretBox::from_hex("k1", kKeyB)->derive("jwt"));
  EXPECT_NE(box.derive("jwt"), sdk::hex_decode(kKeyA).value());
}

}  // namespace
}  // namespace patchbay::base
