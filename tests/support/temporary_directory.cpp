#include "tests/support/temporary_directory.hpp"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <signal.h>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace patchbay::testing {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kPrefix = "pb-test-";
constexpr auto kStaleAfter = std::chrono::minutes(10);

bool is_stale(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename();
  if (!name.starts_with(kPrefix)) return false;
  int pid = 0;
  const auto* begin = name.data() + kPrefix.size();
  if (std::from_chars(begin, name.data() + name.size(), pid).ec != std::errc() || pid <= 0) return false;
  if (::kill(pid, 0) == 0 || errno != ESRCH) return false;
  std::error_code error;
  const auto written = fs::last_write_time(entry.path(), error);
  return !error && fs::file_time_type::clock::now() - written > kStaleAfter;
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = "/tmp/" + std::string(kPrefix) + std::to_string(::getpid()) + "-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp " + pattern);
  }
  path_ = pattern;
  fs::permissions(path_, fs::perms(0755));
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void TemporaryDirectory::sweep_stale() {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/tmp", error)) {
    std::error_code ignored;
    if (is_stale(entry)) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace patchbay::testing
