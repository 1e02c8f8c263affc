#include "platform/base/config.hpp"

#include "platform/base/setting_kind.hpp"
#include "platform/base/shipped_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace patchbay::base {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pb-config-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ConfigTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const std::string& text) const {
    const auto path = folder_ / "own.yaml";
    std::ofstream(path) << text;
    return path;
  }
  std::string file_error(const std::string& text) const {
    const auto config = Config::load(file(text), {});
    return config.ok() ? "none" : config.error().message;
  }
  std::string place(const std::string& rest) const { return (folder_ / "own.yaml").string() + rest; }

  std::filesystem::path folder_;
};

std::string environment_error(const Config::Environment& environment) {
  const auto config = Config::load(std::nullopt, environment);
  return config.ok() ? "none" : config.error().message;
}

TEST_F(ConfigTest, StartsFromTheShippedDefaults) {
  const auto config = Config::load(std::nullopt, {});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->text("http.address"), "127.0.0.1");
  EXPECT_EQ(config->integer("http.port"), 8080);
  EXPECT_EQ(config->bytes("http.body_max"), 10U * 1024 * 1024);
  EXPECT_EQ(config->duration("auth.access_token_ttl"), 15min);
  EXPECT_EQ(config->duration("auth.refresh_token_ttl"), 7 * 24h);
  EXPECT_EQ(config->duration("webhooks.store_timeout"), 400ms);
  EXPECT_THAT(config->list("roles"), ElementsAre("api", "webhooks", "worker", "scheduler"));
  EXPECT_FALSE(config->flag("operations.public"));
  EXPECT_EQ(config->text("database.url"), "");
  EXPECT_EQ(config->origin("http.port"), "default");
  EXPECT_THROW(static_cast<void>(config->text("http.prot")), std::logic_error);
}

TEST_F(ConfigTest, HasTheSettingsThatOtherProgramsRelyOn) {
  const auto config = Config::load(std::nullopt, {});
  ASSERT_TRUE(config.ok());
  for (const std::string_view key : {"http.address",
                                     "http.port",
                                     "http.public_url",
                                     "database.url",
                                     "redis.url",
                                     "var_dir",
                                     "plugins.dir",
                                     "secrets.key_file",
                                     "auth.jwt_secret",
                                     "admin.email",
                                     "admin.password",
                                     "roles",
                                     "limits.global_per_hour",
                                     "limits.user_per_minute",
                                     "limits.auth_per_minute",
                                     "limits.webhook_per_minute",
                                     "limits.webhook_verified_per_minute",
                                     "log.format",
                                     "log.level",
                                     "http.tls_certificate",
                                     "http.tls_key",
                                     "http.tls_port",
                                     "plugins.isolation",
                                     "webhooks.store_timeout",
                                     "sync.default_interval",
                                     "redis.name"}) {
    EXPECT_NO_THROW(static_cast<void>(config->text(key))) << key;
  }
}

TEST_F(ConfigTest, EverySettingIsDocumentedWithItsEnvironmentName) {
  const auto config = Config::load(std::nullopt, {});
  ASSERT_TRUE(config.ok());
  const std::string shipped(shipped_config());
  for (const std::string& key : config->keys()) {
    const std::string name = Config::environment_name(key);
    const auto found = shipped.find(name + "\n");
    ASSERT_NE(found, std::string::npos) << name;
    // The setting itself is the line after its comment.
    const auto line = shipped.substr(found + name.size() + 1, 80);
    const std::string leaf = key.substr(key.rfind('.') == std::string::npos ? 0 : key.rfind('.') + 1);
    EXPECT_EQ(line.substr(line.find_first_not_of(' '), leaf.size() + 1), leaf + ":") << name;
  }
}

TEST_F(ConfigTest, AFileOverridesTheDefaultsAndTheEnvironmentTheFile) {
  const auto path = file("http:\n  port: 9000\n  cors_origins: [https://a, https://b]\nlog: {level: debug}\n");
  const auto config = Config::load(path, {{"PATCHBAY_HTTP_PORT", "9001"}, {"PATCHBAY_ROLES", "api, worker"}});
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->integer("http.port"), 9001);
  EXPECT_EQ(config->origin("http.port"), "PATCHBAY_HTTP_PORT");
  EXPECT_THAT(config->list("http.cors_origins"), ElementsAre("https://a", "https://b"));
  EXPECT_EQ(config->origin("http.cors_origins"), place(":3:3"));
  EXPECT_EQ(config->text("log.level"), "debug");
  EXPECT_THAT(config->list("roles"), ElementsAre("api", "worker"));
  EXPECT_EQ(config->text("roles"), "api,worker");
  EXPECT_EQ(config->text("http.address"), "127.0.0.1");
}

TEST_F(ConfigTest, AnEmptyVariableIsAsIfItWereNotThere) {
  const auto config =
      Config::load(file("http: {port: 9000}"), {{"PATCHBAY_HTTP_PORT", ""}, {"PATCHBAY_REDIS_NAME", ""}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->integer("http.port"), 9000);
  EXPECT_EQ(config->text("redis.name"), "main");
}

TEST_F(ConfigTest, NamesThePlaceAndTheNearestKeyOfAnUnknownOne) {
  EXPECT_EQ(file_error("http:\n  prot: 80\n"), place(":2:3: unknown setting 'http.prot'; did you mean 'http.port'?"));
  EXPECT_EQ(file_error("nothing:\n  like: this\n"), place(":2:3: unknown setting 'nothing.like'"));
  EXPECT_THAT(file_error("http: 5\n"), StartsWith(place(":1:1: unknown setting 'http'")));
  EXPECT_EQ(environment_error({{"PATCHBAY_HTTP_PROT", "1"}}),
            "PATCHBAY_HTTP_PROT: unknown setting; did you mean 'PATCHBAY_HTTP_PORT'?");
  EXPECT_EQ(environment_error({{"PATCHBAY_SANITIZER", "thread"}, {"PATCHBAY_CCACHE", "x"}, {"HOME", "/"}}), "none");
  EXPECT_EQ(file_error("http:\n"), "none") << "a section without content sets nothing";
  EXPECT_EQ(file_error(""), "none");
}

TEST_F(ConfigTest, RefusesAValueOfAnotherKindOrBeyondItsBounds) {
  EXPECT_EQ(file_error("http: {port: many}"), place(":1:8: http.port: a whole number is expected"));
  EXPECT_EQ(file_error("http: {port: 70000}"), place(":1:8: http.port: a value from 0 to 65535 is expected"));
  EXPECT_EQ(file_error("http: {port: -1}"), place(":1:8: http.port: a value from 0 to 65535 is expected"));
  EXPECT_THAT(file_error("http: {port: }"), HasSubstr("a whole number is expected"));
  EXPECT_THAT(file_error("http: {port: [1]}"), StartsWith(place(":1:8: http.port: ")));
  EXPECT_EQ(file_error("limits: {auth_per_minute: -1}"),
            place(":1:10: limits.auth_per_minute: a value of at least 0 is expected"));
  EXPECT_THAT(file_error("roles: [api, chef]"), HasSubstr("one of api, webhooks, worker, scheduler is expected"));
  EXPECT_THAT(file_error("mode: test"), HasSubstr("one of development, production is expected"));
  EXPECT_THAT(file_error("operations: {public: maybe}"), HasSubstr("true or false is expected"));
  EXPECT_THAT(file_error("- a\n"), HasSubstr("a map of settings is expected"));
  EXPECT_THAT(environment_error({{"PATCHBAY_HTTP_BODY_MAX", "10 apples"}}),
              StartsWith("PATCHBAY_HTTP_BODY_MAX: http.body_max: "));
  EXPECT_THAT(environment_error({{"PATCHBAY_WEBHOOKS_STORE_TIMEOUT", "1h"}}), HasSubstr("from 10ms to 30s"));
  EXPECT_EQ(file_error("operations: {public: yes}"), "none");
}

TEST_F(ConfigTest, DoesNotRepeatAValueInAnError) {
  const auto config = Config::load(std::nullopt, {{"PATCHBAY_HTTP_PORT", "postgresql://user:secret@host"}});
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().message.find("secret"), std::string::npos);
}

TEST_F(ConfigTest, SaysWhichFileIsMissingOrBroken) {
  EXPECT_THAT(Config::load(folder_ / "none.yaml", {}).error().message, HasSubstr("none.yaml"));
  EXPECT_THAT(file_error("http: [\n"), StartsWith(place(":")));
  EXPECT_THAT(file_error("http: {port: 1, port: 2}"), HasSubstr("'port' stands here twice"));
}

TEST_F(ConfigTest, ReadsOnlyItsOwnVariablesFromTheProcess) {
  ASSERT_EQ(::setenv("PATCHBAY_REDIS_NAME", "a=b", 1), 0);
  const auto environment = Config::process_environment();
  ASSERT_EQ(::unsetenv("PATCHBAY_REDIS_NAME"), 0);
  EXPECT_EQ(environment.at("PATCHBAY_REDIS_NAME"), "a=b");
  for (const auto& [name, value] : environment) EXPECT_THAT(name, StartsWith("PATCHBAY_"));
}

TEST(ParseDuration, ReadsUnitsAndSums) {
  EXPECT_EQ(parse_duration("400ms").value(), 400ms);
  EXPECT_EQ(parse_duration("15m").value(), 15min);
  EXPECT_EQ(parse_duration("1h30m").value(), 90min);
  EXPECT_EQ(parse_duration("7d").value(), 168h);
  EXPECT_EQ(parse_duration("2w").value(), 336h);
  EXPECT_EQ(parse_duration("90").value(), 90s);
  EXPECT_EQ(parse_duration("0").value(), 0s);
  for (const std::string_view text : {"", "m", "-5s", "5 s", "1h30", "1x", "5s ", "9999999999999999999",
                                      "9223372036854775807h", "9223372036854775807ms1ms", "1.5h", "+5s"}) {
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  }
}

TEST(ParseBytes, ReadsDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_bytes("10MiB").value(), 10'485'760U);
  EXPECT_EQ(parse_bytes("10MB").value(), 10'000'000U);
  EXPECT_EQ(parse_bytes("512KiB").value(), 524'288U);
  EXPECT_EQ(parse_bytes("5").value(), 5U);
  EXPECT_EQ(parse_bytes("5B").value(), 5U);
  for (const std::string_view text :
       {"", "MiB", "-1", "1 MiB", "1TiBx", "1MiB1KiB", "99999999999999999999", "9223372036854775807GiB"}) {
    EXPECT_FALSE(parse_bytes(text).ok()) << text;
  }
}

TEST(SettingKind, RefusesADeclarationItDoesNotKnow) {
  EXPECT_FALSE(SettingKind::parse("").ok());
  EXPECT_FALSE(SettingKind::parse("number").ok());
  EXPECT_TRUE(SettingKind::parse("integer 1..5")->check("5").ok());
  EXPECT_FALSE(SettingKind::parse("integer 1..5")->check("6").ok());
  EXPECT_TRUE(SettingKind::parse("string a|b")->check("").ok()) << "empty is not set";
  EXPECT_FALSE(SettingKind::parse("string a|b")->check("c").ok());
}

}  // namespace
}  // namespace patchbay::base
