// Where a whole receipt goes while PostgreSQL is away or slow: a Redis stream whose every write is on disk before it is
// acknowledged. Drained into PostgreSQL as soon as that answers.
#pragma once

#include "engine/queue/work.hpp"
#include "hub/webhooks/receipt.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/redis/client.hpp"
#include "platform/storage/session.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace patchbay::webhooks {

struct FallbackSettings {
  std::size_t waiting_max = 4'096;
  std::size_t batch_max = 128;
  std::chrono::milliseconds drain_interval{500};
};

/// Two threads: one writes, one drains. Thread-safe.
class Fallback {
 public:
  using Receipts = std::shared_ptr<const std::vector<Receipt>>;
  /// Called on the writing thread (or at once where nothing can be taken).
  using Done = std::function<void(sdk::Result<void>)>;

  Fallback(redis::Client& client, storage::Database& database, queue::WorkQueue& queue, FallbackSettings settings,
           base::Metrics& metrics);
  ~Fallback();
  void start();
  void stop();
  /// Never blocks. Success means that all receipts are in Redis's fsynced file.
  void store(Receipts receipts, Done done);
  /// Receipts that only Redis holds, as last seen; nullopt while Redis is away.
  std::optional<std::uint64_t> at_risk_count() const;
  /// Moves one batch to PostgreSQL; how many are left. Public for tests.
  sdk::Result<std::size_t> drain_once();

 private:
  struct Job {
    Receipts receipts;
    Done done;
  };
  void run_writer();
  void write(std::vector<Job> jobs);
  void run_drain();
  sdk::Result<void> move_one_by_one(const std::vector<std::pair<std::string, Receipt>>& entries);
  sdk::Result<void> move(const std::vector<const Receipt*>& receipts);
  sdk::Result<void> remove(const std::vector<std::string>& entry_ids);
  sdk::Result<void> set_aside(const std::string& entry_id, const redis::Command& copy);

  redis::Client& client_;
  storage::Database& database_;
  queue::WorkQueue& queue_;
  const FallbackSettings settings_;
  const std::string stream_key_;
  const std::string refused_key_;  // entries that PostgreSQL refuses for their content
  base::Counter written_count_;
  base::Counter drained_count_;
  base::Gauge at_risk_gauge_;
  base::StopSignal writer_signal_;
  base::StopSignal drain_signal_;
  mutable std::mutex mutex_;
  std::vector<Job> jobs_;
  bool stopped_ = false;
  std::optional<std::uint64_t> at_risk_;
  std::thread writer_;
  std::thread drain_;
};

}  // namespace patchbay::webhooks
