// Rate budgets towards services: a token bucket for each group of calls of an application's account, shared by all
// clients of all processes. What the service itself says (429, THROTTLED) is the connector's to report; this keeps it
// from having to.
#pragma once

#include "engine/limits/shared_budget.hpp"

#include <patchbay/sdk/call_context.hpp>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::limits {

/// One token bucket with an optional bound on calls under way. Counted in Redis; while that is away, in this process,
/// from where Redis left off. Thread-safe.
class RateBudget {
 public:
  /// Without `shared` it is this process's own.
  explicit RateBudget(const sdk::RateBudgetDescription& description, std::unique_ptr<SharedBudget> shared = nullptr);

  /// What was taken: handed to finish() or give_back() once.
  struct Taken {
    std::chrono::milliseconds waited{0};
    double cost = 0;
    std::string lease;    // of a place that is bounded over all processes
    bool shared = false;  // taken in Redis
  };
  /// Takes `cost` points, waiting while there are too few. Lanes leave a reserve for those before them: a person's call
  /// may take the last point, a backfill only from a bucket that is more than 40 % full. kRateLimited "http.budget"
  /// where the wait would pass the deadline, kCancelled.
  sdk::Result<Taken> take(const sdk::CallContext& context, double cost);
  void finish(const Taken& taken);     // the call is over
  void give_back(const Taken& taken);  // the call was not made
  /// The service said to wait: nothing is given out before then.
  void hold_for(std::chrono::milliseconds duration);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Verdict {
    std::chrono::milliseconds wait{0};
    bool crowded = false;
    bool taken() const { return wait.count() == 0 && !crowded; }
  };
  Verdict try_take(sdk::Lane lane, Taken& taken);
  std::optional<Verdict> try_shared(sdk::Lane lane, Taken& taken);
  Verdict try_local(sdk::Lane lane, Taken& taken);
  /// Whether Redis is to be asked: it did not fail a moment ago.
  bool shared_now();
  void note_failure();
  void fill(Time now);

  const double capacity_;
  const double refill_per_second_;
  const std::uint32_t concurrency_max_;
  const std::unique_ptr<SharedBudget> shared_;
  std::mutex mutex_;
  std::condition_variable changed_;
  double points_;
  std::uint32_t under_way_ = 0;
  Time filled_at_;
  Time held_until_;
  Time away_until_;
  bool was_away_ = false;  // Redis does not know yet what was spent meanwhile
};

/// Budgets of all subjects, made when first used and kept while a client holds them.
class RateBudgets {
 public:
  using Groups = std::map<std::string, std::shared_ptr<RateBudget>>;
  /// `shared` outlives it; null: every process counts for itself.
  explicit RateBudgets(redis::Client* shared = nullptr) : shared_(shared) {}
  /// `subject` names application and account: whoever spends from the same of a service's budgets.
  Groups of_subject(const std::string& subject, const std::vector<sdk::RateBudgetDescription>& descriptions);

 private:
  redis::Client* const shared_;
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::weak_ptr<RateBudget>>> budgets_;
};

}  // namespace patchbay::limits
