// What goes with every call into a connector: how long, whether it still matters, in which lane, on whose trace.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace patchbay::sdk {

/// A flag that one side sets and any number of others read. Copies share the flag. Thread-safe.
class CancelToken {
 public:
  CancelToken() : flag_(std::make_shared<std::atomic<bool>>(false)) {}
  void cancel() const { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

/// Which share of a service's rate budget a call may use: a person waits for kInteractive, nobody for kBackfill.
enum class Lane { kInteractive, kWebhook, kSync, kBackfill };

std::string_view lane_name(Lane lane);
Lane parse_lane(std::string_view name);

/// Context of one call. A connector passes it on to every host service it uses and stops when `check()` fails.
struct CallContext {
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  CancelToken cancel;
  Lane lane = Lane::kSync;
  std::string trace_id;  ///< W3C trace id (32 hex digits) or empty.

  /// kCancelled when the caller gave up or the deadline passed.
  Result<void> check() const;
  /// Time left, never negative.
  std::chrono::milliseconds remaining() const;
};

}  // namespace patchbay::sdk
