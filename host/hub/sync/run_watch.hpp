// Looks after a run from beside: does somebody want it to stop, is the lease still ours?
#pragma once

#include "engine/queue/work.hpp"
#include "hub/sync/run_store.hpp"
#include "platform/base/stop_signal.hpp"

#include <atomic>
#include <thread>

namespace patchbay::sync {

/// A thread for the length of a run. Cancels `token` as soon as the run is to stop.
class RunWatch {
 public:
  RunWatch(storage::Database& database, const RunStore& runs, std::string run_id, queue::WorkClaim& claim);
  ~RunWatch();
  RunWatch(const RunWatch&) = delete;
  RunWatch& operator=(const RunWatch&) = delete;

  sdk::CancelToken token() const { return token_; }
  /// Somebody asked to cancel the run.
  bool cancel_requested() const { return cancel_requested_; }
  /// The lease was lost or this host stops: the run goes on elsewhere.
  bool interrupted() const { return interrupted_ || claim_.cancel().cancelled(); }
  bool stopped() const { return cancel_requested_ || interrupted(); }
  void note_cancel_request();

 private:
  void run();
  void look();

  storage::Database& database_;
  const RunStore& runs_;
  const std::string run_id_;
  queue::WorkClaim& claim_;
  const sdk::CancelToken token_;
  std::atomic<bool> cancel_requested_{false};
  std::atomic<bool> interrupted_{false};
  base::StopSignal signal_;
  std::thread thread_;
};

}  // namespace patchbay::sync
