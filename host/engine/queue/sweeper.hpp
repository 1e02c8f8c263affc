// Finds what fell off the road: expired leases, due work that nobody was told of, and rows whose time is over.
#pragma once

#include "engine/queue/road.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/storage/session.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace patchbay::queue {

struct SweeperSettings {
  std::chrono::milliseconds interval{500};
  std::chrono::milliseconds grace{2'000};      // new work is on the road already for so long
  std::chrono::milliseconds remember{10'000};  // an id is not announced again within it
  std::chrono::milliseconds retention{std::chrono::hours(30 * 24)};
  std::chrono::milliseconds retention_interval{30'000};
  int attempts_max = 12;          // work that took its worker down so often is dead
  std::size_t waiting_max = 256;  // with more in the inboxes of this host nothing is announced
};

/// One thread. Several hosts may sweep at once: every statement skips what another holds, and announcing twice is
/// harmless.
class Sweeper {
 public:
  /// `waiting_count` tells how many ids wait in this host's inboxes.
  Sweeper(storage::Database& database, Road& road, std::function<std::size_t()> waiting_count, SweeperSettings settings,
          base::Metrics& metrics);
  ~Sweeper();
  void start();
  void stop();

  /// One round each; public for tests and for `doctor`.
  sdk::Result<std::size_t> release_expired();
  sdk::Result<std::size_t> announce_due();
  sdk::Result<std::size_t> remove_old();

 private:
  void run();
  void sweep();
  void measure_backlog();
  void forget_announced();

  storage::Database& database_;
  Road& road_;
  const std::function<std::size_t()> waiting_count_;
  const SweeperSettings settings_;
  base::Metrics& metrics_;
  base::Counter released_count_;
  base::Counter found_count_;
  base::StopSignal signal_;
  std::unordered_map<std::int64_t, std::chrono::steady_clock::time_point> announced_;
  std::int64_t removal_cursor_ = 0;  // rows up to this id were looked at in this pass of retention
  std::chrono::steady_clock::time_point remove_again_{};
  std::chrono::steady_clock::time_point measure_again_{};
  std::map<std::string, base::Gauge> backlog_;   // by kind and state
  std::map<std::string, std::string> problems_;  // what went wrong last, by what was tried
  std::thread thread_;
};

}  // namespace patchbay::queue
