#include "app/supervise/lock_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace patchbay::supervise {
namespace {

std::optional<pid_t> read_pid(int descriptor) {
  char text[32] = {};
  const ssize_t length = pread(descriptor, text, sizeof text - 1, 0);
  if (length <= 0) return std::nullopt;
  const long pid = std::strtol(text, nullptr, 10);
  if (pid <= 0) return std::nullopt;
  return static_cast<pid_t>(pid);
}

}  // namespace

LockFile::~LockFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

sdk::Result<LockFile> LockFile::acquire(const std::filesystem::path& file) {
  LockFile lock;
  lock.descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock.descriptor_ < 0) {
    return sdk::permanent_error("supervise.lock", file.string() + " cannot be opened: " + std::strerror(errno));
  }
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const auto pid = read_pid(lock.descriptor_);
    return sdk::conflict_error("supervise.locked", "another hub" +
                                                       (pid ? " (pid " + std::to_string(*pid) + ")" : std::string()) +
                                                       " runs on " + file.parent_path().string() +
                                                       "; end it with `patchbay stop` or set another var_dir");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.descriptor_, 0) != 0 || pwrite(lock.descriptor_, pid.data(), pid.size(), 0) < 0) {
    return sdk::permanent_error("supervise.lock", file.string() + " cannot be written: " + std::strerror(errno));
  }
  return lock;
}

std::optional<pid_t> LockFile::holder(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return std::nullopt;
  std::optional<pid_t> pid;
  if (flock(descriptor, LOCK_SH | LOCK_NB) != 0) pid = read_pid(descriptor);
  close(descriptor);
  return pid;
}

}  // namespace patchbay::supervise
