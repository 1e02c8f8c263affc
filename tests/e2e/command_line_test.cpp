// What an operator types: settings that cannot be right, commands that cannot be meant, and the first start.
#include "tests/support/hub_world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kUsage = 2, kConfiguration = 3;

struct Ran {
  std::optional<int> code;
  std::string output;
};

Ran run(const std::vector<std::string>& arguments, const Program::Environment& settings = {}) {
  Program program("patchbay");
  std::vector<std::string> words{built_program("patchbay")};
  words.insert(words.end(), arguments.begin(), arguments.end());
  program.start(words, settings);
  Ran ran;
  ran.code = program.wait(60s);
  ran.output = program.log();
  return ran;
}

struct Nonsense {
  const char* variable;
  const char* value;
  const char* setting;
  const char* allowed;
};

void PrintTo(const Nonsense& nonsense, std::ostream* out) {
  *out << nonsense.variable << "=" << nonsense.value;
}

class SettingsThatCannotBeRight : public ::testing::TestWithParam<Nonsense> {};

TEST_P(SettingsThatCannotBeRight, AreRefusedByEveryCommandInTheSameWords) {
  const Nonsense& wrong = GetParam();
  std::string words;
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"config", "check"}, std::vector<std::string>{"serve"},
        std::vector<std::string>{"doctor"}}) {
    // Reaching for a server would fail otherwise than by exit code 3.
    const Ran ran = run(command, {{wrong.variable, wrong.value},
                                  {"PATCHBAY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none"},
                                  {"PATCHBAY_REDIS_URL", "redis://127.0.0.1:1"}});
    EXPECT_EQ(ran.code, kConfiguration) << command[0] << ": " << ran.output;
    EXPECT_THAT(ran.output, AllOf(HasSubstr(wrong.setting), HasSubstr(wrong.allowed))) << command[0];
    if (words.empty()) words = ran.output;
    EXPECT_EQ(ran.output, words) << command[0];
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, SettingsThatCannotBeRight,
    ::testing::Values(
        Nonsense{"PATCHBAY_PLUGINS_ISOLATION", "bogus", "plugins.isolation", "none, all"},
        Nonsense{"PATCHBAY_PLUGINS_ISOLATION", "none,all", "plugins.isolation", "alone"},
        Nonsense{"PATCHBAY_HTTP_PUBLIC_URL", "notaurl", "http.public_url", "https://"},
        Nonsense{"PATCHBAY_HTTP_PUBLIC_URL", "https://hub.example.com?x=1", "http.public_url", "without a query"},
        Nonsense{"PATCHBAY_HTTP_CORS_ORIGINS", "https://a.example,b.example", "http.cors_origins", "'b.example'"},
        Nonsense{"PATCHBAY_HTTP_CORS_ORIGINS", "https://a.example/path", "http.cors_origins", "no origin"},
        Nonsense{"PATCHBAY_HTTP_ADDRESS", "example.com", "http.address", "0.0.0.0"},
        Nonsense{"PATCHBAY_HTTP_TRUSTED_PROXIES", "10.0.0.0/33", "http.trusted_proxies", "'10.0.0.0/33'"},
        Nonsense{"PATCHBAY_HTTP_TLS_CERTIFICATE", "/nowhere.pem", "http.tls_key", "both"},
        Nonsense{"PATCHBAY_REDIS_NAME", "two words", "redis.name", "letters"},
        Nonsense{"PATCHBAY_REDIS_URL", "postgresql://u@h/n", "redis.url", "redis://"},
        Nonsense{"PATCHBAY_DATABASE_URL", "redis://h", "database.url", "postgresql://"},
        Nonsense{"PATCHBAY_BUSINESS_CURRENCY", "ZZZZ", "business.currency", "ISO 4217"},
        Nonsense{"PATCHBAY_BUSINESS_CURRENCY", "ZZZ", "business.currency", "ISO 4217"},
        Nonsense{"PATCHBAY_BUSINESS_COUNTRY", "Q9", "business.country", "ISO 3166"},
        Nonsense{"PATCHBAY_SECRETS_KEY", "abc", "secrets.key", "64 hexadecimal"},
        Nonsense{"PATCHBAY_SECRETS_KEY_FILE", "/nowhere.keys", "secrets.key_file", "/nowhere.keys"},
        Nonsense{"PATCHBAY_AUTH_JWT_SECRET", "twenty bytes, no more", "auth.jwt_secret", "32"},
        Nonsense{"PATCHBAY_ADMIN_EMAIL", "nobody", "admin.email", "e-mail"}));

TEST(Settings, AllMistakesAreToldAtOnceAndNoSecretAmongThem) {
  const Ran ran = run({"config", "check"}, {{"PATCHBAY_SECRETS_KEY", "my-secret-key"},
                                            {"PATCHBAY_BUSINESS_COUNTRY", "Q9"},
                                            {"PATCHBAY_HTTP_PUBLIC_URL", "notaurl"}});
  EXPECT_EQ(ran.code, kConfiguration);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("secrets.key"), HasSubstr("business.country"), HasSubstr("http.public_url")));
  EXPECT_THAT(ran.output, Not(HasSubstr("my-secret-key")));
}

TEST(Settings, ACheckOfGoodOnesMakesNothing) {
  Program program("patchbay");
  program.start({built_program("patchbay"), "config", "check"},
                {{"PATCHBAY_HTTP_TRUSTED_PROXIES", "10.0.0.0/8,::1"},
                 {"PATCHBAY_HTTP_CORS_ORIGINS", "https://app.example.com:8443,*"},
                 {"PATCHBAY_HTTP_PUBLIC_URL", "https://hub.example.com/patchbay/"},
                 {"PATCHBAY_BUSINESS_CURRENCY", "EUR"},
                 {"PATCHBAY_BUSINESS_COUNTRY", "DE"}});
  EXPECT_EQ(program.wait(60s), 0) << program.log();
  EXPECT_FALSE(std::filesystem::exists(program.directory() / "var"));
}

TEST(Settings, ProductionRefusesWhatIsUnsafeOnTheInternet) {
  const Program::Environment safe{
      {"PATCHBAY_MODE", "production"},
      {"PATCHBAY_SECRETS_KEY", "8f3a1c5e7b9d2046f1e8a7c3b5d90264e7f8a1b3c5d7092e4f6a8b1c3d5e7f90"},
      {"PATCHBAY_OUTBOUND_ALLOW_PRIVATE_ADDRESSES", "false"}};
  EXPECT_EQ(run({"config", "check"}, safe).code, 0) << run({"config", "check"}, safe).output;
  const auto refused = [&](const char* setting, const Program::Environment& more, bool is_refused = true) {
    Program::Environment settings = more;
    settings.insert(safe.begin(), safe.end());
    const Ran ran = run({"config", "check"}, settings);
    EXPECT_EQ(ran.code, is_refused ? kConfiguration : 0) << setting << ": " << ran.output;
    if (is_refused) {
      EXPECT_THAT(ran.output, HasSubstr(setting));
    }
  };
  refused("operations.public", {{"PATCHBAY_OPERATIONS_PUBLIC", "true"}});
  refused("http.cors_origins", {{"PATCHBAY_HTTP_CORS_ORIGINS", "*"}});
  refused("outbound.allow_private_addresses", {{"PATCHBAY_OUTBOUND_ALLOW_PRIVATE_ADDRESSES", "true"}});
  refused("secrets.key_file", {{"PATCHBAY_SECRETS_KEY", ""}});
  refused("secrets.key",
          {{"PATCHBAY_SECRETS_KEY", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}});
  refused("auth.jwt_secret", {{"PATCHBAY_AUTH_JWT_SECRET", std::string(40, 's')}});
  refused("http.address", {{"PATCHBAY_HTTP_ADDRESS", "0.0.0.0"}});
  refused("http.address", {{"PATCHBAY_HTTP_ADDRESS", "::"}});
  refused("http.address", {{"PATCHBAY_HTTP_ADDRESS", "0.0.0.0"}, {"PATCHBAY_HTTP_TRUSTED_PROXIES", "10.0.0.0/8"}},
          false);
  refused("http.address", {{"PATCHBAY_HTTP_ADDRESS", "127.0.0.2"}}, false);
}

TEST(Commands, AGroupShowsItsCommands) {
  for (const char* group : {"user", "plugin", "config"}) {
    const Ran bare = run({group});
    EXPECT_EQ(bare.code, kUsage) << bare.output;
    EXPECT_THAT(bare.output, HasSubstr("usage:\n  patchbay " + std::string(group) + " ")) << group;
    EXPECT_THAT(bare.output, Not(HasSubstr("error:")));
    const Ran asked = run({group, "--help"});
    EXPECT_EQ(asked.code, 0) << asked.output;
    EXPECT_EQ(asked.output, bare.output);
    const Ran mistaken = run({group, "nonsense"});
    EXPECT_EQ(mistaken.code, kUsage);
    EXPECT_THAT(mistaken.output, HasSubstr("there is no command '" + std::string(group) + " nonsense'"));
  }
}

TEST(Commands, WhatCannotBeMeantIsRefusedBeforeAnythingIsReached) {
  const auto refused = [](const std::vector<std::string>& arguments, const std::string& words) {
    const Ran ran = run(arguments, {{"PATCHBAY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none"},
                                    {"PATCHBAY_REDIS_URL", "redis://127.0.0.1:1"}});
    EXPECT_EQ(ran.code, kUsage) << ran.output;
    EXPECT_THAT(ran.output, HasSubstr(words));
  };
  refused({"user", "add", "a@example.com", "--role", "king"}, "roles are admin, manager, technician");
  refused({"user", "add", "a@example.com", "--role", "customer_user"}, "--client ID is needed");
  refused({"user", "add", "a@example.com", "--role", "customer_user", "--client", "7"}, "'7' is no id of a client");
  refused({"user", "add", "a@example.com", "--client", "01a1fc89-0000-7000-8000-000000000000"}, "only customer_admin");
  refused({"replay", "--dead", "--kind", "nothing"}, "kinds are webhook, sync, writeback, message");
  refused({"replay", "x1"}, "'x1' is no id");
}

TEST(Commands, SayWhatIsNotThere) {
  HubWorld world;
  const Program::Environment settings = world.settings();
  const Ran migrated = run({"migrate"}, settings);
  ASSERT_EQ(migrated.code, 0) << migrated.output;
  const Ran no_client = run(
      {"user", "add", "a@example.com", "--role", "customer_user", "--client", "01a1fc89-0000-7000-8000-000000000000"},
      settings);
  EXPECT_EQ(no_client.code, 1) << no_client.output;
  EXPECT_THAT(no_client.output, HasSubstr("there is no client with the id 01a1fc89"));
  world.query(
      "insert into connections (id, connector, name, state) values (gen_random_uuid(), 'stripe', 'main', "
      "'connected')");
  const Ran sync = run({"sync", "stripe", "customres"}, settings);
  EXPECT_EQ(sync.code, 1) << sync.output;
  EXPECT_THAT(sync.output, HasSubstr("Unknown resource \"customres\"; did you mean \"customers\"?"));
  EXPECT_EQ(world.number("select count(*) from sync_runs"), 0);
  EXPECT_EQ(world.number("select count(*) from users"), 0) << "a command made an administrator nobody heard of";
}

/// A port that somebody else has.
class TakenPort {
 public:
  explicit TakenPort(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool taken = ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::listen(descriptor_, 1) == 0;
    EXPECT_TRUE(taken);
  }
  ~TakenPort() { ::close(descriptor_); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;

 private:
  const int descriptor_;
};

TEST(FirstStart, APortInUseCostsNobodyThePassword) {
  HubWorld world;
  HubProcess hub(world.settings({{"PATCHBAY_ADMIN_PASSWORD", ""}, {"PATCHBAY_ROLES", "api"}}));
  {
    const TakenPort taken(hub.port());
    hub.launch();
    const auto code = hub.program().wait(60s);
    EXPECT_EQ(code, 1) << hub.program().log_tail();
    EXPECT_THAT(hub.program().log(), HasSubstr("Cannot listen"));
    EXPECT_EQ(world.number("select count(*) from users"), 0);
  }
  hub.start();
  const std::string log = hub.program().latest_log();
  const std::string mark = "  password ";
  const auto at = log.find(mark);
  ASSERT_NE(at, std::string::npos) << log;
  const std::string password = log.substr(at + mark.size(), log.find('\n', at) - at - mark.size());
  HubApi api(hub.port());
  api.sign_in(HubProcess::kAdminEmail, password);
}

}  // namespace
}  // namespace patchbay::testing
