#include "tests/support/postgres_server.hpp"

#include "tests/support/wait.hpp"

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <pwd.h>
#include <signal.h>
#include <stdexcept>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Owner {
  std::optional<uid_t> user_id;
  std::optional<gid_t> group_id;
};

/// PostgreSQL refuses root, which then lends it the account of its package.
Owner cluster_owner() {
  if (::geteuid() != 0) return {};
  const passwd* account = ::getpwnam("postgres");
  if (account == nullptr)
    throw std::runtime_error("PostgreSQL refuses root and there is no user postgres to run it as");
  return {account->pw_uid, account->pw_gid};
}

fs::path program(const std::string& name) {
  for (int version = 20; version >= 13; --version) {
    const fs::path path = "/usr/lib/postgresql/" + std::to_string(version) + "/bin/" + name;
    if (fs::exists(path)) return path;
  }
  throw std::runtime_error("PostgreSQL's " + name + " is not installed below /usr/lib/postgresql");
}

void give_to(const fs::path& path, const Owner& owner) {
  if (owner.user_id && ::chown(path.c_str(), *owner.user_id, *owner.group_id) != 0) {
    throw std::runtime_error("cannot give " + path.string() + " to the user postgres");
  }
}

std::string tail_of(const fs::path& file) {
  std::ifstream stream(file);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  return text.size() > 2'000 ? text.substr(text.size() - 2'000) : text;
}

void run(ChildLauncher& launcher, const ChildCommand& command) {
  const pid_t child = launcher.start(command);
  const auto status = wait_for_exit(child, 60s);
  if (!status) {
    ::kill(child, SIGKILL);
    static_cast<void>(wait_for_exit(child, 5s));
  }
  if (!status || !WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
    throw std::runtime_error(command.arguments.front() + " failed: " + tail_of(command.output_file));
  }
}

void copy_tree(ChildLauncher& launcher, const fs::path& from, const fs::path& to, const fs::path& log) {
  run(launcher, {{"/bin/cp", "-a", "--reflink=auto", from, to}, log, {}, {}});
}

class FileLock {
 public:
  explicit FileLock(const fs::path& file) : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX) != 0) throw std::runtime_error("cannot lock " + file.string());
  }
  ~FileLock() { ::close(descriptor_); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

/// The cluster that initdb made, kept in the build directory; made by whichever test process comes first.
fs::path cached_cluster(ChildLauncher& launcher, const Owner& owner) {
  const fs::path initdb = program("initdb");
  const std::string version = initdb.parent_path().parent_path().filename();
  const fs::path folder = fs::path(PATCHBAY_BUILD_DIR) / "test-clusters";
  const fs::path cluster = folder / ("postgres-" + version + "-" + std::to_string(::geteuid()));
  fs::create_directories(folder);
  const FileLock lock(folder / "lock");
  if (fs::exists(cluster)) return cluster;
  const TemporaryDirectory workshop;  // the build directory may lie where the user postgres cannot enter
  give_to(workshop.path(), owner);
  const fs::path log = workshop.path() / "initdb.log";
  run(launcher, {{initdb, "-D", workshop.path() / "data", "-U", "postgres", "--auth=trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync", "--no-instructions", "--wal-segsize=1"},
                 log,
                 owner.user_id,
                 owner.group_id});
  const fs::path unfinished = cluster.string() + ".new";
  fs::remove_all(unfinished);
  copy_tree(launcher, workshop.path() / "data", unfinished, log);
  fs::rename(unfinished, cluster);
  return cluster;
}

}  // namespace

PostgresServer::PostgresServer(ChildLauncher& launcher, Options options) : launcher_(launcher), options_(options) {
  const Owner owner = cluster_owner();
  give_to(directory_.path(), owner);
  copy_tree(launcher_, cached_cluster(launcher_, owner), directory_.path() / "data", directory_.path() / "copy.log");
  start();
}

PostgresServer::~PostgresServer() {
  try {
    kill();
  } catch (...) {  // the death signal ends what is left
  }
}

std::string PostgresServer::url(std::string_view database) const {
  return "postgresql:///" + std::string(database) + "?host=" + directory_.path().string() + "&user=postgres";
}

bool PostgresServer::ready() const {
  std::ifstream file(directory_.path() / "data" / "postmaster.pid");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines.size() >= 8 && lines[0] == std::to_string(process_) && lines[7].starts_with("ready");
}

void PostgresServer::start() {
  if (running()) return;
  const Owner owner = cluster_owner();
  const std::string directory = directory_.path();
  process_ = launcher_.start({{program("postgres"),
                               "-D",
                               directory + "/data",
                               "-k",
                               directory,
                               "-c",
                               "listen_addresses=",
                               "-c",
                               std::string("fsync=") + (options_.fsync ? "on" : "off"),
                               "-c",
                               std::string("full_page_writes=") + (options_.fsync ? "on" : "off"),
                               "-c",
                               "max_connections=" + std::to_string(options_.connections_max),
                               "-c",
                               "shared_buffers=32MB",
                               "-c",
                               "log_min_messages=warning",
                               "-c",
                               "jit=off",
                               "-c",
                               "autovacuum_naptime=1h",
                               "-c",
                               "max_wal_size=256MB",
                               "-c",
                               "dynamic_shared_memory_type=posix"},
                              directory_.path() / "server.log",
                              owner.user_id,
                              owner.group_id});
  bool ended = false;
  const bool up = wait_until(
      [&] {
        int status = 0;
        ended = ::waitpid(process_, &status, WNOHANG) != 0;
        return ended || ready();
      },
      30s);
  if (ended) process_ = -1;
  if (ended || !up) throw std::runtime_error("PostgreSQL did not start: " + log_tail());
}

void PostgresServer::stop() {
  if (!running()) return;
  resume();
  ::kill(process_, SIGINT);
  if (!wait_for_exit(process_, 15s)) return kill();
  process_ = -1;
}

void PostgresServer::kill() {
  if (!running()) return;
  resume();
  auto processes = children_of(process_);
  // Stopped first, so that it neither starts new children nor tidies up.
  ::kill(process_, SIGSTOP);
  for (const pid_t child : children_of(process_)) processes.push_back(child);
  ::kill(process_, SIGKILL);
  for (const pid_t child : processes) ::kill(child, SIGKILL);
  const bool reaped = wait_for_exit(process_, 10s).has_value();
  const bool ended = wait_until([&] { return std::all_of(processes.begin(), processes.end(), has_ended); });
  process_ = -1;
  if (!reaped || !ended) throw std::runtime_error("processes of the killed PostgreSQL are still there");
}

void PostgresServer::pause() {
  if (!running()) return;
  ::kill(process_, SIGSTOP);
  paused_ = children_of(process_);
  for (const pid_t child : paused_) ::kill(child, SIGSTOP);
}

void PostgresServer::resume() {
  for (const pid_t child : paused_) ::kill(child, SIGCONT);
  paused_.clear();
  if (running()) ::kill(process_, SIGCONT);
}

std::string PostgresServer::log_tail() const {
  return tail_of(directory_.path() / "server.log");
}

}  // namespace patchbay::testing
