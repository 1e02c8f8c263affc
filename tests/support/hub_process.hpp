#pragma once

#include "tests/support/program.hpp"

#include <string>

namespace patchbay::testing {

/// `patchbay serve` as a child, on a port that it keeps over kills and restarts. The rate limits are off and the
/// administrator is known unless `settings` (names of environment variables) says otherwise; without database and Redis
/// in it the hub runs its own below its var_dir, which `patchbay stop` ends with this object.
class HubProcess {
 public:
  static constexpr const char* kAdminEmail = "admin@patchbay.example";
  static constexpr const char* kAdminPassword = "Correct-horse-7";

  explicit HubProcess(Program::Environment settings);
  ~HubProcess();
  HubProcess(const HubProcess&) = delete;
  HubProcess& operator=(const HubProcess&) = delete;

  /// Starts it without waiting.
  void launch();
  /// Starts it and waits until it is ready; throws std::runtime_error with its output where it is not.
  void start(std::chrono::milliseconds limit = std::chrono::seconds(60));
  bool wait_until_ready(std::chrono::milliseconds limit);
  void kill() { program_.kill(); }
  std::optional<int> stop() { return program_.stop(); }
  Program& program() { return program_; }

  std::uint16_t port() const { return port_; }
  std::string url(const std::string& path) const;
  std::string webhook_target() const { return url("/api/v1/webhooks"); }
  std::filesystem::path var_dir() const;
  const Program::Environment& settings() const { return settings_; }
  /// Runs another command of the program with this hub's settings; its exit code (nullopt: none within the limit) and
  /// its output.
  struct Ran {
    std::optional<int> code;
    std::string output;
  };
  Ran run(const std::vector<std::string>& arguments, std::chrono::milliseconds limit = std::chrono::seconds(60)) const;

 private:
  // What a test polls for is no news in the log's tail.
  Program program_{"patchbay", "info access: request"};
  std::uint16_t port_;
  Program::Environment settings_;
};

}  // namespace patchbay::testing
