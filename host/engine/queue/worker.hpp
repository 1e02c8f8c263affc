// The worker of one host: reads ids from the road, claims the rows, lets handlers do the work, records how it ended.
#pragma once

#include "engine/queue/claim_store.hpp"
#include "engine/queue/inbox.hpp"
#include "engine/queue/retry_policy.hpp"
#include "engine/queue/road.hpp"
#include "engine/queue/work.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::queue {

struct WorkerSettings {
  std::chrono::milliseconds lease{15'000};       // renewed every third of it while the work goes on
  std::chrono::milliseconds poll{100};           // of PostgreSQL, while Redis is away
  std::chrono::milliseconds stop_grace{10'000};  // work under way may finish within it; then it is cancelled
  std::size_t inbox_ids_max = 2'048;             // for each kind
  std::map<std::string, std::size_t> threads;    // by kind; a kind that is not named has one thread
  RetrySettings retry;
};

class ActiveClaim;

/// Kinds do not wait for each other: each has its own threads and inbox.
class Worker {
 public:
  /// What is passed in outlives the worker.
  Worker(storage::Database& database, Road& road, std::vector<WorkHandler*> handlers, WorkerSettings settings,
         base::Metrics& metrics);
  ~Worker();
  void start();
  /// Takes no more work, lets what is under way finish, joins. Idempotent.
  void stop();
  /// Ids that wait in this host's inboxes.
  std::size_t waiting_count() const;

 private:
  struct Kind {
    Kind(WorkHandler& its_handler, std::size_t its_thread_count, std::size_t ids_max, base::Metrics& metrics);
    WorkHandler& handler;
    const std::string name;
    const std::size_t thread_count;
    Inbox inbox;
    base::Counter applied_count, retried_count, postponed_count, dead_count;
    std::vector<std::thread> threads;
  };

  void read_road();
  void dispatch(const std::vector<redis::StreamEntry>& entries);
  void run(Kind& kind);
  std::vector<WorkItem> claim(Kind& kind, const std::string& claim_id, const std::vector<Ticket>& tickets);
  std::vector<WorkItem> claim_due(Kind& kind, const std::string& claim_id);
  void return_unclaimed(Kind& kind, const std::vector<Ticket>& tickets, const std::vector<WorkItem>& claimed);
  void work(Kind& kind, const std::string& claim_id, const std::vector<WorkItem>& items);
  std::vector<WorkOutcome> call_handler(Kind& kind, const std::vector<WorkItem>& items, ActiveClaim& claim);
  void settle(Kind& kind, const std::string& claim_id, const std::vector<WorkItem>& items,
              const std::vector<WorkOutcome>& outcomes);
  void keep_leases();
  void wait_for_work_under_way();

  Road& road_;
  const ClaimStore claims_;
  const WorkerSettings settings_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  std::atomic<bool> road_closed_{true};  // until the first read succeeds
  std::atomic<bool> stopping_{false};
  base::StopSignal reader_signal_;
  base::StopSignal pause_signal_;
  base::StopSignal lease_signal_;
  mutable std::mutex active_mutex_;
  std::condition_variable idle_;
  std::map<std::string, std::shared_ptr<ActiveClaim>> active_;  // by claim id
  std::thread reader_;
  std::thread lease_keeper_;
};

}  // namespace patchbay::queue
