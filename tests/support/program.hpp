#pragma once

#include "tests/support/child_launcher.hpp"
#include "tests/support/temporary_directory.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::testing {

/// Path of a program that the build made; PATCHBAY_TEST_PROGRAMS names another folder than the build's own.
std::string built_program(const std::string& name);

/// A program under test as a child process. It is killed with this object, and its output's tail is printed where the
/// test has failed.
class Program {
 public:
  using Environment = std::map<std::string, std::string>;

  /// Lines with `noise` in them are left out of the tail.
  explicit Program(std::string name, std::string noise = {}) : name_(std::move(name)), noise_(std::move(noise)) {}
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// The child sees PATH, HOME and `environment`, nothing else of this process's.
  void start(const std::vector<std::string>& arguments, const Environment& environment = {});
  pid_t pid() const { return pid_; }
  bool running();
  /// SIGKILL; returns when it is gone.
  void kill();
  void signal(int number) const;
  /// SIGTERM; its exit code, or nullopt when it did not end within `limit` (it is killed then) or died of a signal.
  std::optional<int> stop(std::chrono::milliseconds limit = std::chrono::seconds(30));
  /// Waits for its own end; nullopt where that does not come or is a signal's.
  std::optional<int> wait(std::chrono::milliseconds limit);

  /// All output of all starts.
  std::string log() const;
  std::string log_tail(std::size_t lines = 60) const;
  /// Of the latest start.
  std::string latest_log() const { return log().substr(latest_log_at_); }
  bool wait_for_log(const std::string& text, std::chrono::milliseconds limit);
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  std::optional<int> reap(std::chrono::milliseconds limit);

  const std::string name_;
  const std::string noise_;
  TemporaryDirectory directory_;
  pid_t pid_ = -1;
  std::size_t latest_log_at_ = 0;
};

}  // namespace patchbay::testing
