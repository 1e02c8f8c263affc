#include "platform/base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::base {
namespace {

using namespace std::string_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// What the log writes to standard output while `write` runs.
template <typename Write>
std::string logged(const LogSettings& settings, Write write) {
  testing::internal::CaptureStdout();
  configure_log(settings);
  write();
  std::string text = testing::internal::GetCapturedStdout();
  configure_log({});
  return text;
}

TEST(Log, WritesTextLines) {
  const std::string text = logged({"text", "info"}, [] {
    log_info("sync", "A run ended.", {{"count", 3}, {"name", "a b"}});
  });
  EXPECT_EQ(text.substr(10, 1), "T");
  EXPECT_THAT(text, EndsWith("Z info sync: A run ended. count=3 name=\"a b\"\n"));
}

TEST(Log, WritesJsonLines) {
  const std::string text = logged({"json", "info"}, [] { log_error("net", "It \"broke\".\n", {{"code", 5}}); });
  const auto line = sdk::parse_json(text);
  ASSERT_TRUE(line.ok()) << text;
  EXPECT_EQ(sdk::string_at(*line, "level"), "error");
  EXPECT_EQ(sdk::string_at(*line, "part"), "net");
  EXPECT_EQ(sdk::string_at(*line, "message"), "It \"broke\".\n");
  EXPECT_EQ(sdk::scalar_text(*sdk::find_path(*line, "code")), "5");
  EXPECT_EQ(sdk::string_at(*line, "time").size(), 24U);
}

TEST(Log, FieldsCannotReplaceWhatTheLogItselfSays) {
  const std::string text = logged({"json", "info"}, [] {
    log_info("net", "Real.", {{"message", "Forged."}, {"level", "x"}});
  });
  const auto line = sdk::parse_json(text);
  ASSERT_TRUE(line.ok()) << text;
  EXPECT_EQ(sdk::string_at(*line, "message"), "Real.");
  EXPECT_EQ(sdk::string_at(*line, "level"), "info");
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  const std::string text = logged({"text", "warning"}, [] {
    log_debug("a", "one");
    log_info("a", "two");
    log_warning("a", "three");
    EXPECT_FALSE(log_debug_enabled());
  });
  EXPECT_THAT(text, Not(HasSubstr("one")));
  EXPECT_THAT(text, Not(HasSubstr("two")));
  EXPECT_THAT(text, HasSubstr("warning a: three"));
  logged({"text", "debug"}, [] { EXPECT_TRUE(log_debug_enabled()); });
}

TEST(Log, OutsideTextCannotForgeALine) {
  const std::string text = logged({"text", "info"}, [] {
    log_info("a", "first\n2026-01-01T00:00:00.000Z error a: forged\x1b[31m", {{"b", "x\ny"}, {"c\nd", 1}});
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Log, HidesSecretsInMessagesAndFields) {
  add_log_secret("hunter2-hunter2");
  add_log_secret("-----BEGIN\nKEY-----");
  for (const std::string format : {"text", "json"}) {
    const std::string text = logged({format, "info"}, [] {
      log_info("a", "password hunter2-hunter2",
               {{"url", "http://x/?p=hunter2-hunter2"}, {"k", {{"n", "-----BEGIN\nKEY-----"}}}});
      log_info("a", "-----BEGIN\nKEY-----");
    });
    EXPECT_THAT(text, Not(HasSubstr("hunter2-hunter2")));
    EXPECT_THAT(text, Not(HasSubstr("KEY-----")));
    EXPECT_THAT(text, HasSubstr("[redacted]"));
  }
}

TEST(Log, KeepsLinesReadableWhateverTheyAreGiven) {
  const std::string bad_bytes = logged({"json", "info"}, [] { log_info("a", "x\xFFy"); });
  const auto line = sdk::parse_json(bad_bytes);
  ASSERT_TRUE(line.ok()) << bad_bytes;
  EXPECT_EQ(sdk::string_at(*line, "message"), "x\\xffy");
  const std::string huge = logged({"json", "info"}, [] { log_info("a", std::string(1'000'000, 'x')); });
  EXPECT_LT(huge.size(), 2'000U);
  EXPECT_TRUE(sdk::parse_json(huge).ok());
}

TEST(PartLogger, AddsItsOwnFields) {
  const std::string text = logged({"text", "info"}, [] {
    PartLogger logger("stripe", {{"connection", "c1"}, {"x", 1}});
    logger.log(sdk::LogLevel::kWarning, "Slow.", {{"x", 2}});
  });
  EXPECT_THAT(text, EndsWith("warning stripe: Slow. connection=\"c1\" x=2\n"));
}

}  // namespace
}  // namespace patchbay::base
