#include "platform/base/redactor.hpp"

#include <gtest/gtest.h>

namespace patchbay::base {
namespace {

TEST(Redactor, ReplacesASecretWhereverItStands) {
  Redactor redactor(100);
  redactor.add("sk_test_123");
  EXPECT_EQ(redactor.redact("sk_test_123"), "[redacted]");
  EXPECT_EQ(redactor.redact("Bearer sk_test_123, sk_test_123sk_test_123."), "Bearer [redacted], [redacted][redacted].");
  EXPECT_EQ(redactor.redact("sk_test_12"), "sk_test_12");
  EXPECT_EQ(redactor.redact(""), "");
}

TEST(Redactor, KnowsTheFormsInsideJsonAndUrls) {
  Redactor redactor(100);
  redactor.add("pa\"ss\\word/+");
  EXPECT_EQ(redactor.redact(R"({"x":"pa\"ss\\word/+"})"), R"({"x":"[redacted]"})");
  EXPECT_EQ(redactor.redact("https://h/?p=pa%22ss%5Cword%2F%2B&q=1"), "https://h/?p=[redacted]&q=1");
}

TEST(Redactor, TakesTheLongerOfTwoSecretsThatBeginAlike) {
  Redactor redactor(100);
  redactor.add("secret-a");
  redactor.add("secret-abc");
  EXPECT_EQ(redactor.redact("secret-abc secret-a"), "[redacted] [redacted]");
}

TEST(Redactor, LeavesOrdinaryTextAlone) {
  Redactor redactor(100);
  redactor.add("main");
  redactor.add("");
  EXPECT_EQ(redactor.redact("the main road"), "the main road");
}

TEST(Redactor, IsBounded) {
  Redactor redactor(2);
  redactor.add("first-secret");
  redactor.add("second-secret");
  redactor.add("second-secret");
  EXPECT_EQ(redactor.redact("first-secret second-secret"), "[redacted] [redacted]");
  redactor.add("third-secret");
  EXPECT_EQ(redactor.redact("first-secret second-secret third-secret"), "first-secret [redacted] [redacted]");
}

}  // namespace
}  // namespace patchbay::base
