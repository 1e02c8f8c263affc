// The hub's own PostgreSQL and Redis: started, watched, taken over, ended.
#include "tests/support/hub_api.hpp"
#include "tests/support/hub_process.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <signal.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kFirstStart = 120s;

std::vector<std::string> command_line(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/cmdline");
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

/// What follows the word "-D" or a prefix such as "--unix_socket_directories=".
std::string option_of(const std::vector<std::string>& words, const std::string& name) {
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index] == name && index + 1 < words.size()) return words[index + 1];
    if (words[index].starts_with(name + "=")) return words[index].substr(name.size() + 1);
  }
  return {};
}

class EmbeddedServers : public ::testing::Test {
 protected:
  /// The var_dir lies below a folder that nobody but this user can enter.
  EmbeddedServers()
      : closed_(directory_.path() / "closed"),
        hub_({{"PATCHBAY_VAR_DIR", (closed_ / "var").string()}, {"PATCHBAY_ROLES", "api,webhooks,worker"}}),
        api_(hub_.port()) {
    fs::create_directory(closed_);
    fs::permissions(closed_, fs::perms(0700));
  }

  ~EmbeddedServers() override {
    hub_.kill();
    try {
      hub_.run({"stop"});
    } catch (...) {  // reported by the test that needs it
    }
    std::error_code ignored;
    for (const auto& folder : left_behind_) fs::remove_all(folder, ignored);
  }

  void start() {
    hub_.start(kFirstStart);
    api_.sign_in();
    postgres_ = server("postgres");
    redis_ = server("redis-server");
    ASSERT_GT(postgres_, 0) << hub_.program().log_tail();
    ASSERT_GT(redis_, 0) << hub_.program().log_tail();
    const auto words = command_line(postgres_);
    data_ = option_of(words, "-D");
    const fs::path sockets = fs::path(option_of(words, "--unix_socket_directories")).parent_path();
    // As root the cluster may lie outside of the test's own folder.
    if (data_.string().starts_with("/var/lib/patchbay/")) left_behind_.push_back(data_);
    if (sockets.filename().string().starts_with("patchbay-")) left_behind_.push_back(sockets);
  }

  /// The server process of this hub, whoever its parent is by now.
  pid_t server(const std::string& name) const {
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const pid_t process = std::atoi(entry.path().filename().c_str());
      if (process <= 0 || has_ended(process)) continue;
      const auto words = command_line(process);
      if (words.empty() || words.front().find(name) == std::string::npos) continue;
      std::error_code failure;
      const bool ours = name == "postgres"
                            ? (data_.empty() ? fs::exists(option_of(words, "-D"), failure) && belongs_here(words)
                                             : option_of(words, "-D") == data_.string())
                            : is_our_redis(process, words);
      if (ours) return process;
    }
    return -1;
  }

  bool belongs_here(const std::vector<std::string>& words) const {
    const auto children = children_of(const_cast<HubProcess&>(hub_).program().pid());
    for (const pid_t child : children) {
      if (command_line(child) == words) return true;
    }
    return false;
  }
  bool is_our_redis(pid_t process, const std::vector<std::string>& words) const {
    if (redis_ == process) return true;
    std::error_code failure;
    const auto directory = fs::read_symlink("/proc/" + std::to_string(process) + "/cwd", failure);
    const std::string var = hub_.var_dir().string();
    if (directory.string().starts_with(var)) return true;
    for (const auto& word : words) {
      if (word.find(var) != std::string::npos) return true;
    }
    return belongs_here(words);
  }

  std::string make_client(const std::string& name) const {
    return sdk::string_at(api_.post("/clients", {{"name", name}}), "id");
  }
  bool has_client(const std::string& id) const { return api_.send("GET", "/clients/" + id).status == 200; }

  TemporaryDirectory directory_;
  const fs::path closed_;
  HubProcess hub_;
  HubApi api_;
  pid_t postgres_ = -1, redis_ = -1;
  fs::path data_;
  std::vector<fs::path> left_behind_;
};

TEST_F(EmbeddedServers, StartEndAndStartAgainOverAStalePidFile) {
  start();
  const auto id = make_client("Kept");
  const pid_t postgres = postgres_, redis = redis_;
  EXPECT_EQ(hub_.stop(), 0) << hub_.program().log_tail();
  EXPECT_TRUE(has_ended(postgres)) << "PostgreSQL outlived its hub";
  EXPECT_TRUE(has_ended(redis)) << "Redis outlived its hub";
  // What a power cut leaves: pid files that name a process of somebody else.
  const std::string stale = std::to_string(::getpid()) + "\n";
  std::ofstream(data_ / "postmaster.pid") << stale << data_.string() << "\n1\n5432\n/nowhere\n\n";
  for (const auto& entry : fs::recursive_directory_iterator(hub_.var_dir())) {
    if (entry.path().filename() == "redis" && entry.is_directory()) std::ofstream(entry.path() / "redis.pid") << stale;
  }
  start();
  EXPECT_TRUE(has_client(id)) << "the data did not survive a restart";
}

TEST_F(EmbeddedServers, ComeBackWhenTheyCrash) {
  start();
  const auto id = make_client("Before the crash");
  ::kill(postgres_, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return has_ended(postgres_); }));
  ASSERT_TRUE(wait_until([&] { return has_client(id); }, 60s, 50ms)) << "PostgreSQL did not come back";
  EXPECT_NE(server("postgres"), postgres_);
  ::kill(redis_, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return has_ended(redis_); }));
  redis_ = -1;
  ASSERT_TRUE(wait_until(
      [&] {
        return send_http(hub_.port(), {"GET", "/health/ready", {}, {}}).at("redis") == "ok" &&
               server("redis-server") > 0;
      },
      60s, 50ms))
      << "Redis did not come back";
  EXPECT_TRUE(has_client(make_client("After the crash")));
  EXPECT_TRUE(hub_.program().running());
  EXPECT_EQ(hub_.stop(), 0);
}

TEST_F(EmbeddedServers, OfAKilledHubAreTakenOverAndOneHubHasAVarDir) {
  start();
  const auto id = make_client("Before the kill");
  const pid_t postgres = postgres_, redis = redis_;
  hub_.kill();
  EXPECT_FALSE(has_ended(postgres)) << "the servers went with a hub that was killed";
  hub_.start();
  EXPECT_TRUE(has_client(id));
  EXPECT_EQ(server("postgres"), postgres) << "the next hub did not take over the running PostgreSQL";
  EXPECT_EQ(server("redis-server"), redis) << "the next hub did not take over the running Redis";

  auto settings = hub_.settings();
  settings.erase("PATCHBAY_HTTP_PORT");
  HubProcess second(settings);
  second.launch();
  EXPECT_EQ(second.program().wait(20s), 1) << second.program().log_tail();
  const std::string said = second.program().log();
  EXPECT_NE(said.find("another hub (pid " + std::to_string(hub_.program().pid()) + ") runs on"), std::string::npos)
      << said;
  EXPECT_TRUE(has_client(id)) << "the first hub did not mind";

  hub_.kill();
  const auto stopped = hub_.run({"stop"});
  EXPECT_EQ(stopped.code, 0) << stopped.output;
  EXPECT_NE(stopped.output.find("ended 2 servers"), std::string::npos) << stopped.output;
  EXPECT_TRUE(has_ended(postgres));
  EXPECT_TRUE(has_ended(redis));
  const auto again = hub_.run({"stop"});
  EXPECT_EQ(again.code, 0);
  EXPECT_NE(again.output.find("nothing was running"), std::string::npos) << again.output;
}

/// `patchbay stop` beside a running hub ends it and its servers.
TEST_F(EmbeddedServers, EndWithTheHubThatIsToldToStop) {
  start();
  const pid_t postgres = postgres_, redis = redis_;
  const auto stopped = hub_.run({"stop"});
  EXPECT_EQ(stopped.code, 0) << stopped.output;
  EXPECT_NE(stopped.output.find("ending the hub"), std::string::npos) << stopped.output;
  EXPECT_EQ(hub_.program().wait(30s), 0) << hub_.program().log_tail();
  EXPECT_TRUE(has_ended(postgres));
  EXPECT_TRUE(has_ended(redis));
}

}  // namespace
}  // namespace patchbay::testing
