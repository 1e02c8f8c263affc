// Receipts in groups: while one group is being committed, the next collects; each answer waits for its own commit.
#pragma once

#include "engine/queue/work.hpp"
#include "hub/webhooks/fallback.hpp"
#include "hub/webhooks/receipt.hpp"
#include "platform/base/metrics.hpp"
#include "platform/storage/pg_pipeline.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace patchbay::webhooks {

struct ReceiptWriterSettings {
  std::size_t group_max = 256;      // receipts in one statement
  std::size_t waiting_max = 5'000;  // receipts that wait; more are refused (503)
  std::chrono::milliseconds store_timeout{400};
  int shard = 0;  // of the counters; another for each writer
};

/// Lives on one event loop: every method is called on that loop's thread, except that `done` may be called on another.
class ReceiptWriter {
 public:
  enum class Stored { kDatabase, kFallback };
  using Done = std::function<void(sdk::Result<Stored>)>;

  /// What is passed in outlives the writer. `fallback` and `queue` are shared by all writers.
  ReceiptWriter(storage::PgPipeline& pipeline, storage::EventLoop& loop, Fallback& fallback, queue::WorkQueue& queue,
                ReceiptWriterSettings settings, base::Metrics& metrics);
  ~ReceiptWriter();
  /// All of one request; success once all are stored, a repeat included.
  void store(std::vector<Receipt> receipts, Done done);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Pending {
    Fallback::Receipts receipts;
    Done done;
    Time since;
    bool alone = false;     // its group was refused by PostgreSQL: tried by itself
    bool answered = false;  // by the fallback, while PostgreSQL was slow
  };
  using PendingPointer = std::shared_ptr<Pending>;
  struct Alive;  // tells callbacks of the pipeline that the writer is still there

  void flush();
  std::vector<PendingPointer> take_group();
  void finish(const std::vector<PendingPointer>& group, const sdk::Result<storage::Rows>& rows);
  void retry_alone(const std::vector<PendingPointer>& group, const sdk::Error& error);
  void fall_back(Pending& pending);
  void tick();
  bool stalled(Time now) const;

  storage::PgPipeline& pipeline_;
  Fallback& fallback_;
  queue::WorkQueue& queue_;
  const ReceiptWriterSettings settings_;
  base::Counter stored_count_;
  base::Counter repeated_count_;
  base::Counter late_count_;
  base::Histogram commit_seconds_;
  std::deque<PendingPointer> waiting_;
  std::size_t waiting_count_ = 0;  // receipts
  std::vector<PendingPointer> under_way_;
  Time sent_at_{};
  std::shared_ptr<Alive> alive_;
  std::shared_ptr<void> ticker_;
};

}  // namespace patchbay::webhooks
