#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gtest/gtest.h>

namespace patchbay::base {
namespace {

TEST(Digest, AgreesWithFips180) {
  EXPECT_EQ(sdk::hex_encode(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sdk::hex_encode(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, AgreesWithRfc4231AndRfc2202) {
  const std::string key(20, '\x0b');
  EXPECT_EQ(sdk::hex_encode(hmac_sha256(key, "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(
      sdk::hex_encode(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(sdk::hex_encode(hmac_sha1(key, "Hi There")), "b617318655057264e28bc0b6fb378c8ef146be00");
}

TEST(Digest, TakesAnEmptyKeyAsSuchAndNotAsTheLastOne) {
  const std::string expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  EXPECT_EQ(sdk::hex_encode(hmac_sha256({}, {})), expected);
  static_cast<void>(hmac_sha256("another key", ""));
  EXPECT_EQ(sdk::hex_encode(hmac_sha256({}, {})), expected);
}

TEST(Digest, ComparesWholeTexts) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

TEST(Digest, MakesTheSameLockNumberInEveryProcess) {
  EXPECT_EQ(lock_hash("abc"), static_cast<long long>(0xba7816bf8f01cfeaULL));
  EXPECT_NE(lock_hash("a"), lock_hash("b"));
}

}  // namespace
}  // namespace patchbay::base
