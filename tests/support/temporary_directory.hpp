#pragma once

#include <filesystem>

namespace patchbay::testing {

/// A private directory below /tmp with a short path (socket paths end at 107 bytes), removed at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  /// Removes what test processes that were killed left behind.
  static void sweep_stale();

 private:
  std::filesystem::path path_;
};

}  // namespace patchbay::testing
