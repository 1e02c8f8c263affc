// What changed since the generated data: one JSON line a change, appended; on opening, rewritten to one line a record.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <patchbay/sdk/result.hpp>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

namespace patchbay::sandbox {

class Journal {
 public:
  struct Options {
    std::filesystem::path directory;
    json::object origin;  // what the generated data depends on (seed, counts); must agree with what the folder holds
    bool sync = false;    // fsync after every line
  };

  /// Opens or makes the folder. A last line that a crash cut short is dropped; any other damage is an error.
  static sdk::Result<std::unique_ptr<Journal>> open(Options options);

  /// The member of the origin line as the folder has it (it keeps what the first start chose).
  const json::object& origin() const { return origin_; }
  /// Calls `apply` for every kept change, oldest first.
  sdk::Result<void> replay(const std::function<sdk::Result<void>(const json::object&)>& apply) const;
  sdk::Result<void> append(const json::object& change);
  /// Replaces the file by these lines (the snapshot).
  sdk::Result<void> rewrite(const std::vector<json::object>& changes);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  Journal(std::filesystem::path file, json::object origin, bool sync);
  sdk::Result<void> open_for_append();

  sdk::Result<void> lock();

  std::filesystem::path path_;
  json::object origin_;
  bool sync_;
  std::unique_ptr<std::FILE, Close> file_;
  std::unique_ptr<std::FILE, Close> lock_;  // one process a folder
};

}  // namespace patchbay::sandbox
