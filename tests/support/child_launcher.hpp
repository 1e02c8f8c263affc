// Child processes that cannot outlive the test process.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <sys/types.h>
#include <thread>
#include <vector>

namespace patchbay::testing {

struct ChildCommand {
  std::vector<std::string> arguments;  // the program's path first
  std::filesystem::path output_file;   // standard output and error, appended
  std::optional<uid_t> user_id;        // both or none
  std::optional<gid_t> group_id;
};

/// Starts children on a thread of its own: the death signal of a child is bound to the thread that made it.
/// Destroy it after all its children have ended (they are killed otherwise). Thread-safe.
class ChildLauncher {
 public:
  ChildLauncher();
  ~ChildLauncher();
  /// Throws where the program cannot be started.
  pid_t start(const ChildCommand& command);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::packaged_task<pid_t()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Waits for a child of this process; its wait status, or nullopt when `limit` passes first.
std::optional<int> wait_for_exit(pid_t child, std::chrono::milliseconds limit);
/// The running (not zombie) children of a process.
std::vector<pid_t> children_of(pid_t parent);
/// Not there, or a zombie.
bool has_ended(pid_t process);

}  // namespace patchbay::testing
