#pragma once

#include "app/supervise/supervised_server.hpp"
#include "platform/base/stop_signal.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace patchbay::supervise {

/// Keeps the embedded servers running: adopts those of a hub that was killed, starts the missing ones, starts again
/// what crashes (with back-off), ends all at the end. One watching thread.
class EmbeddedServers {
 public:
  explicit EmbeddedServers(std::vector<std::unique_ptr<SupervisedServer>> servers);
  ~EmbeddedServers();
  /// Returns when every server answers, or the error of the first that does not within `limit`.
  sdk::Result<void> start(std::chrono::milliseconds limit);
  /// Ends the watch and the servers, in reverse order. Idempotent.
  void stop();

 private:
  struct Watched {
    std::unique_ptr<SupervisedServer> server;
    pid_t pid = -1;
    int crashes = 0;
    std::chrono::steady_clock::time_point started_at;
    std::chrono::steady_clock::time_point restart_at;
  };
  sdk::Result<void> bring_up(Watched& watched, std::chrono::milliseconds limit);
  void watch();
  void revive(Watched& watched);

  std::vector<Watched> watched_;
  base::StopSignal stop_;
  std::thread watcher_;
  bool stopped_ = false;
};

/// Ends servers that a killed hub left running. How many were ended.
int end_orphans(const std::vector<std::unique_ptr<SupervisedServer>>& servers);

}  // namespace patchbay::supervise
