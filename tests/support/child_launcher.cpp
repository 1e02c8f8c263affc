#include "tests/support/child_launcher.hpp"

#include "tests/support/wait.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace patchbay::testing {
namespace {

/// In the child, between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(const ChildCommand& command, char* const* arguments, int output, pid_t parent) {
  if (command.user_id) {
    const gid_t group = *command.group_id;
    if (::setgroups(1, &group) != 0 || ::setgid(group) != 0 || ::setuid(*command.user_id) != 0) ::_exit(126);
  }
  // After setuid, which clears it. SIGKILL would leave a cluster's backends behind; SIGQUIT is "at once" for PostgreSQL
  // and ends redis-server as well.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent) ::_exit(125);
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  if (null < 0 || ::dup2(null, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(output, 2) < 0 || ::chdir("/") != 0)
    ::_exit(124);
  ::close_range(3, ~0u, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // What a shell's background job ignores stays ignored over exec, the death signal included.
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGCHLD, SIGHUP}) ::signal(signal, SIG_DFL);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

pid_t fork_child(const ChildCommand& command) {
  std::vector<std::string> copies = command.arguments;
  std::vector<char*> arguments;
  for (auto& copy : copies) arguments.push_back(copy.data());
  arguments.push_back(nullptr);
  const int output = ::open(command.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) throw std::system_error(errno, std::generic_category(), command.output_file.string());
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(command, arguments.data(), output, parent);
  const int problem = errno;
  ::close(output);
  if (child < 0) throw std::system_error(problem, std::generic_category(), "fork");
  return child;
}

struct ProcessState {
  pid_t parent = 0;
  char state = 'X';
};

std::optional<ProcessState> read_state(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const auto name_end = line.rfind(')');  // the name may hold anything, spaces and brackets included
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  ProcessState state;
  rest >> state.state >> state.parent;
  return state;
}

}  // namespace

ChildLauncher::ChildLauncher() : thread_([this] { run(); }) {}

ChildLauncher::~ChildLauncher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

pid_t ChildLauncher::start(const ChildCommand& command) {
  std::packaged_task<pid_t()> task([&command] { return fork_child(command); });
  auto started = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return started.get();
}

void ChildLauncher::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

std::optional<int> wait_for_exit(pid_t child, std::chrono::milliseconds limit) {
  int status = 0;
  const bool ended = wait_until([&] { return ::waitpid(child, &status, WNOHANG) != 0; }, limit);
  return ended ? std::optional(status) : std::nullopt;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t process = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), process).ptr != name.data() + name.size()) continue;
    const auto state = read_state(process);
    if (state && state->parent == parent && state->state != 'Z') children.push_back(process);
  }
  return children;
}

bool has_ended(pid_t process) {
  const auto state = read_state(process);
  return !state || state->state == 'Z' || state->state == 'X';
}

}  // namespace patchbay::testing
