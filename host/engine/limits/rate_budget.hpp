// Rate budgets towards services: a token bucket for each group of calls of a connection, shared by all its clients in
// this process. What the service itself says (429, THROTTLED) is the connector's to report; this keeps it from having
// to.
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/description.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::limits {

/// One token bucket with an optional bound on calls under way. Thread-safe.
class RateBudget {
 public:
  explicit RateBudget(const sdk::RateBudgetDescription& description);
  /// Takes `cost` points, waiting while there are too few. Lanes leave a reserve for those before them: a person's call
  /// may take the last point, a backfill only from a bucket that is more than 40 % full. Returns how long it waited;
  /// kRateLimited "http.budget" where the wait would pass the deadline, kCancelled.
  sdk::Result<std::chrono::milliseconds> take(const sdk::CallContext& context, double cost);
  void finish();  // the call is over
  /// The service said to wait: nothing is given out before then.
  void hold_until(std::chrono::steady_clock::time_point time);

 private:
  std::chrono::milliseconds wait_needed(sdk::Lane lane, double cost, std::chrono::steady_clock::time_point now);
  const double capacity_;
  const double refill_per_second_;
  const std::uint32_t concurrency_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  double points_;
  std::uint32_t under_way_ = 0;
  std::chrono::steady_clock::time_point filled_at_;
  std::chrono::steady_clock::time_point held_until_;
};

/// Budgets of all connections, made when first used and kept while a client holds them.
class RateBudgets {
 public:
  using Groups = std::map<std::string, std::shared_ptr<RateBudget>>;
  Groups of_connection(const std::string& connection_id, const std::vector<sdk::RateBudgetDescription>& descriptions);

 private:
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::weak_ptr<RateBudget>>> budgets_;
};

}  // namespace patchbay::limits
