// Starts a sync of each connection when it is due: once for each tick, however many hosts look.
#pragma once

#include "hub/sync/run_store.hpp"
#include "platform/base/stop_signal.hpp"

#include <chrono>
#include <thread>

namespace patchbay::sync {

struct SchedulerSettings {
  std::chrono::milliseconds look{1'000};
  std::chrono::seconds default_interval{900};  // of connections that name none; a connection with 0 is left alone
};

/// One thread between start() and stop().
class Scheduler {
 public:
  Scheduler(storage::Database& database, const RunStore& runs, SchedulerSettings settings);
  ~Scheduler();
  void start();
  /// Idempotent.
  void stop();
  /// One look, as the thread does it: how many runs were started. A connection that still has a run waiting or under
  /// way misses its tick.
  sdk::Result<std::size_t> look();

 private:
  void run();
  storage::Database& database_;
  const RunStore& runs_;
  const SchedulerSettings settings_;
  base::StopSignal signal_;
  std::thread thread_;
};

}  // namespace patchbay::sync
