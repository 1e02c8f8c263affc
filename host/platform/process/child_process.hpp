// Child processes by posix_spawn: start, ask, end. Nothing here forks, so threads are no danger.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace patchbay::process {

struct SpawnSettings {
  std::vector<std::string> arguments;       // [0] is the program, absolute
  std::string user;                         // not empty: run as this user (only root can)
  std::filesystem::path working_directory;  // empty: inherited
  std::filesystem::path output_file;        // stdout and stderr are appended here; empty: /dev/null
  bool inherit_output = false;              // stdout and stderr of this process instead
  int channel = -1;                         // a descriptor the child finds as number 3
};

/// Starts a process in a process group of its own, so that a Ctrl-C for the hub does not reach it.
sdk::Result<pid_t> spawn(const SpawnSettings& settings);
/// Runs to the end; the exit status, or kTransient when `limit` passed (the process is then killed).
sdk::Result<int> run_to_end(const SpawnSettings& settings, std::chrono::milliseconds limit);

/// Whether the process exists and is not a zombie. Reaps it if it is our child.
bool is_alive(pid_t pid);
/// Name and working directory of a process as /proc shows them; nullopt when it is gone or hidden.
std::optional<std::string> process_name(pid_t pid);
std::optional<std::filesystem::path> process_directory(pid_t pid);
/// Sends `signal`, waits up to `limit`, then SIGKILL. true: it ended within the limit.
bool end_process(pid_t pid, int signal, std::chrono::milliseconds limit);

}  // namespace patchbay::process
