#pragma once

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>

namespace patchbay::supervise {

/// A server that the hub runs for itself: found running (left by a hub that was killed), started, watched, ended.
class SupervisedServer {
 public:
  virtual ~SupervisedServer() = default;
  virtual std::string name() const = 0;
  virtual std::string url() const = 0;
  /// The pid of an instance on these folders that already runs, whoever started it.
  virtual std::optional<pid_t> find_running() const = 0;
  /// Prepares the data folder where it is new (initdb) and removes what a crash left behind (a stale pid file).
  virtual sdk::Result<void> prepare() = 0;
  virtual sdk::Result<pid_t> start() = 0;
  virtual bool answers() const = 0;
  /// After the first successful start: what is needed inside (the database).
  virtual sdk::Result<void> complete() = 0;
  /// Clean end within `limit`.
  virtual bool end(pid_t pid, std::chrono::milliseconds limit) const = 0;
};

}  // namespace patchbay::supervise
