#pragma once

#include <patchbay/sdk/result.hpp>

#include <filesystem>
#include <optional>
#include <sys/types.h>

namespace patchbay::supervise {

/// One hub per var_dir: an advisory lock on a file that also tells the holder's pid. The kernel drops it with the
/// process, so a killed hub leaves nothing behind that a person would have to remove.
class LockFile {
 public:
  LockFile() = default;
  ~LockFile();
  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  /// kConflict naming the pid of the holder.
  static sdk::Result<LockFile> acquire(const std::filesystem::path& file);
  /// Who holds it now; nullopt where nobody does.
  static std::optional<pid_t> holder(const std::filesystem::path& file);

 private:
  int descriptor_ = -1;
};

}  // namespace patchbay::supervise
