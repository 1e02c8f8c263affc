// The one work mechanism: rows of work_items with lease and claim id, worked on in batches by handlers.
#pragma once

#include "platform/storage/session.hpp"

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/json.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::queue {

/// Every kind of work that a handler of the hub is for.
inline constexpr std::array<std::string_view, 4> kWorkKinds{"webhook", "sync", "writeback", "message"};

struct WorkItem {
  std::int64_t id = 0;
  std::string kind;           // one of kWorkKinds
  std::string connection_id;  // empty: none
  std::string lane_key;
  std::string topic;
  sdk::json::object headers;
  std::string body;
  sdk::json::object payload;
  int attempts = 0;  // including this one
  std::chrono::system_clock::time_point created_at;
};

/// New work. Inserted in the caller's transaction; a row with the same (kind, dedupe_key) is left alone.
struct NewWork {
  std::string kind;
  std::string connection_id;
  std::string lane_key;
  std::string dedupe_key;  // empty: none
  sdk::json::object payload;
  std::chrono::milliseconds delay{0};
};

/// How one item ended that the handler did not complete itself.
struct WorkOutcome {
  enum class Kind {
    kCompleted,  // the handler called complete() in its own transaction
    kFailed,     // retried with back-off by the error's class, dead after the last try or at once where trying again is
                 // useless
    kPostponed,  // due again after `delay`; not counted as a try
  };
  Kind kind = Kind::kCompleted;
  sdk::Error error;
  std::chrono::milliseconds delay{0};
};

/// The claim a handler works under. Thread-safe.
class WorkClaim {
 public:
  virtual ~WorkClaim() = default;
  /// Marks items done inside the handler's transaction, so that effect and state change commit together. Error
  /// kConflict "queue.claim_lost" when the lease was lost meanwhile: the transaction must be rolled back.
  virtual sdk::Result<void> complete(storage::Session& session, const std::vector<std::int64_t>& ids,
                                     const std::string& outcome) = 0;
  /// Prolongs the lease; to be called between steps of long work. false: lost, stop without further effect.
  virtual bool renew() = 0;
  virtual sdk::CancelToken cancel() const = 0;
};

/// Handles one kind. Called by worker threads; several batches of one kind may run at once, never two items of one
/// lane.
class WorkHandler {
 public:
  virtual ~WorkHandler() = default;
  virtual std::string kind() const = 0;
  virtual std::size_t batch_max() const = 0;
  /// Whether one batch may hold several items of a lane (in order of their ids); otherwise each item of a batch has a
  /// lane of its own.
  virtual bool takes_lane_runs() const { return false; }
  /// One outcome for each item, in order.
  virtual std::vector<WorkOutcome> handle(const std::vector<WorkItem>& items, WorkClaim& claim) = 0;
};

/// Puts work into the table (and tells the road after the caller's commit via wake()).
class WorkQueue {
 public:
  virtual ~WorkQueue() = default;
  /// In the caller's transaction. Returns ids of the rows that are new.
  virtual sdk::Result<std::vector<std::int64_t>> enqueue(storage::Session& session,
                                                         const std::vector<NewWork>& work) = 0;
  /// After the commit: puts the ids on the road. Losing this call loses nothing (the sweeper finds the rows).
  virtual void announce(const std::vector<std::int64_t>& ids) = 0;
  /// The same where the kind is known: spares the other kinds' workers a look.
  virtual void announce(const std::string& kind, const std::vector<std::int64_t>& ids) = 0;
};

}  // namespace patchbay::queue
