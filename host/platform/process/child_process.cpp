#include "platform/process/child_process.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace patchbay::process {
namespace {

constexpr std::chrono::milliseconds kPollInterval{20};
constexpr int kChannelDescriptor = 3;

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class SpawnAttributes {
 public:
  SpawnAttributes() { posix_spawnattr_init(&attributes_); }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::vector<std::string> command_line(const SpawnSettings& settings) {
  if (settings.user.empty()) return settings.arguments;
  // setpriv replaces itself with the program, so that the pid stays the one we know.
  std::vector<std::string> line{"/usr/bin/setpriv", "--reuid=" + settings.user, "--regid=" + settings.user,
                                "--init-groups", "--"};
  line.insert(line.end(), settings.arguments.begin(), settings.arguments.end());
  return line;
}

void prepare(const SpawnSettings& settings, FileActions& actions, SpawnAttributes& attributes) {
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (!settings.inherit_output) {
    const std::string output = settings.output_file.empty() ? "/dev/null" : settings.output_file.string();
    posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
    posix_spawn_file_actions_adddup2(actions.get(), STDOUT_FILENO, STDERR_FILENO);
  }
  if (settings.channel >= 0) posix_spawn_file_actions_adddup2(actions.get(), settings.channel, kChannelDescriptor);
  if (!settings.working_directory.empty()) {
    posix_spawn_file_actions_addchdir_np(actions.get(), settings.working_directory.c_str());
  }
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&defaults, signal);
  posix_spawnattr_setsigmask(attributes.get(), &none);
  posix_spawnattr_setsigdefault(attributes.get(), &defaults);
  posix_spawnattr_setpgroup(attributes.get(), 0);
  posix_spawnattr_setflags(attributes.get(), POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

}  // namespace

sdk::Result<pid_t> spawn(const SpawnSettings& settings) {
  std::vector<std::string> line = command_line(settings);
  std::vector<char*> arguments;
  arguments.reserve(line.size() + 1);
  for (std::string& argument : line) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  FileActions actions;
  SpawnAttributes attributes;
  prepare(settings, actions, attributes);
  pid_t pid = -1;
  const int failure = posix_spawn(&pid, arguments[0], actions.get(), attributes.get(), arguments.data(), environ);
  if (failure != 0) {
    return sdk::permanent_error("supervise.spawn",
                                settings.arguments[0] + " could not be started: " + std::strerror(failure));
  }
  return pid;
}

sdk::Result<int> run_to_end(const SpawnSettings& settings, std::chrono::milliseconds limit) {
  PATCHBAY_ASSIGN(const pid_t pid, spawn(settings));
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (ended < 0 && errno != EINTR) {
      return sdk::permanent_error("supervise.wait", settings.arguments[0] + " cannot be waited for");
    }
    if (std::chrono::steady_clock::now() > deadline) break;
    std::this_thread::sleep_for(kPollInterval);
  }
  end_process(pid, SIGKILL, std::chrono::seconds(5));
  return sdk::transient_error("supervise.timeout", settings.arguments[0] + " did not finish in time and was ended");
}

bool is_alive(pid_t pid) {
  if (pid <= 0) return false;
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) == pid) return false;
  if (kill(pid, 0) != 0 && errno == ESRCH) return false;
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return false;
  const auto closing = line.rfind(')');
  return closing != std::string::npos && closing + 2 < line.size() && line[closing + 2] != 'Z';
}

std::optional<std::string> process_name(pid_t pid) {
  std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
  std::string name;
  if (!std::getline(comm, name)) return std::nullopt;
  return name;
}

std::optional<std::filesystem::path> process_directory(pid_t pid) {
  std::error_code failure;
  auto directory = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/cwd", failure);
  if (failure) return std::nullopt;
  return directory;
}

bool end_process(pid_t pid, int signal, std::chrono::milliseconds limit) {
  if (!is_alive(pid)) return true;
  kill(pid, signal);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    if (!is_alive(pid)) return true;
    std::this_thread::sleep_for(kPollInterval);
  }
  kill(pid, SIGKILL);
  const auto last = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (std::chrono::steady_clock::now() < last && is_alive(pid)) std::this_thread::sleep_for(kPollInterval);
  return false;
}

}  // namespace patchbay::process
