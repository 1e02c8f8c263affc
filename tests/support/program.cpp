#include "tests/support/program.hpp"

#include "tests/support/test_servers.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>

namespace patchbay::testing {
namespace {

std::string variable(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

}  // namespace

std::string built_program(const std::string& name) {
  const std::filesystem::path program =
      std::filesystem::path(variable("PATCHBAY_TEST_PROGRAMS", PATCHBAY_BUILD_DIR)) / name;
  if (!std::filesystem::exists(program)) throw std::runtime_error("build " + program.string() + " first");
  return program;
}

Program::~Program() {
  if (::testing::Test::HasFailure() || std::uncaught_exceptions() > 0) {
    std::cerr << "---- last output of " << name_ << " ----\n" << log_tail() << "---- end of " << name_ << " ----\n";
  }
  kill();
}

void Program::start(const std::vector<std::string>& arguments, const Environment& environment) {
  if (running()) throw std::runtime_error(name_ + " runs already");
  ChildCommand command;
  command.arguments = {"/usr/bin/env", "-i", "PATH=" + variable("PATH", "/usr/bin:/bin"),
                       "HOME=" + directory_.path().string()};
  for (const auto& [name, value] : environment) command.arguments.push_back(name + "=" + value);
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.output_file = directory_.path() / "output.log";
  latest_log_at_ = log().size();
  pid_ = TestServers::instance().launcher().start(command);
}

std::optional<int> Program::reap(std::chrono::milliseconds limit) {
  if (pid_ <= 0) return std::nullopt;
  const auto status = wait_for_exit(pid_, limit);
  if (!status) return std::nullopt;
  pid_ = -1;
  return status;
}

bool Program::running() {
  if (pid_ <= 0) return false;
  if (!has_ended(pid_)) return true;
  static_cast<void>(reap(std::chrono::seconds(5)));
  return false;
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Program::kill() {
  signal(SIGKILL);
  static_cast<void>(reap(std::chrono::seconds(10)));
}

std::optional<int> Program::wait(std::chrono::milliseconds limit) {
  const auto status = reap(limit);
  return status && WIFEXITED(*status) ? std::optional<int>(WEXITSTATUS(*status)) : std::nullopt;
}

std::optional<int> Program::stop(std::chrono::milliseconds limit) {
  signal(SIGTERM);
  const auto code = wait(limit);
  kill();
  return code;
}

std::string Program::log() const {
  std::ifstream stream(directory_.path() / "output.log");
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string Program::log_tail(std::size_t lines) const {
  std::istringstream text(log());
  std::deque<std::string> tail;
  for (std::string line; std::getline(text, line);) {
    if (!noise_.empty() && line.find(noise_) != std::string::npos) continue;
    tail.push_back(std::move(line));
    if (tail.size() > lines) tail.pop_front();
  }
  std::string joined;
  for (const auto& line : tail) joined += line + "\n";
  return joined;
}

bool Program::wait_for_log(const std::string& text, std::chrono::milliseconds limit) {
  return wait_until([&] { return latest_log().find(text) != std::string::npos; }, limit);
}

}  // namespace patchbay::testing
