#include "engine/limits/rate_budget.hpp"

#include <algorithm>
#include <cmath>

namespace patchbay::limits {
namespace {

constexpr std::chrono::milliseconds kCancelPoll{100};

/// Share of the bucket that a lane must leave to those before it.
double reserve_share(sdk::Lane lane) {
  switch (lane) {
    case sdk::Lane::kInteractive:
      return 0.0;
    case sdk::Lane::kWebhook:
      return 0.1;
    case sdk::Lane::kSync:
      return 0.25;
    case sdk::Lane::kBackfill:
      return 0.4;
  }
  return 0.0;
}

}  // namespace

RateBudget::RateBudget(const sdk::RateBudgetDescription& description)
    : capacity_(description.capacity),
      refill_per_second_(description.refill_per_second),
      concurrency_max_(description.concurrency_max),
      points_(description.capacity),
      filled_at_(std::chrono::steady_clock::now()) {}

std::chrono::milliseconds RateBudget::wait_needed(sdk::Lane lane, double cost,
                                                  std::chrono::steady_clock::time_point now) {
  if (now < held_until_) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(held_until_ - now) + std::chrono::milliseconds(1);
  }
  if (capacity_ <= 0 || refill_per_second_ <= 0) return std::chrono::milliseconds(0);
  const double elapsed = std::chrono::duration<double>(now - filled_at_).count();
  points_ = std::min(capacity_, points_ + elapsed * refill_per_second_);
  filled_at_ = now;
  // A call dearer than the whole bucket may run from a full one; otherwise it could never run.
  const double needed = std::min(cost + reserve_share(lane) * capacity_, capacity_);
  if (points_ >= needed) return std::chrono::milliseconds(0);
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(std::ceil((needed - points_) / refill_per_second_ * 1000.0)));
}

sdk::Result<std::chrono::milliseconds> RateBudget::take(const sdk::CallContext& context, double cost) {
  const auto began = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (true) {
    PATCHBAY_TRY(context.check());
    const auto now = std::chrono::steady_clock::now();
    const auto wait = wait_needed(context.lane, cost, now);
    const bool crowded = concurrency_max_ > 0 && under_way_ >= concurrency_max_;
    if (wait.count() == 0 && !crowded) {
      points_ -= cost;
      ++under_way_;
      return std::chrono::duration_cast<std::chrono::milliseconds>(now - began);
    }
    if (now + wait > context.deadline) {
      return sdk::rate_limited_error("http.budget",
                                     "the service's rate limit is used up for longer than this call may wait", wait);
    }
    changed_.wait_for(lock, std::min(std::max(wait, std::chrono::milliseconds(1)), kCancelPoll));
  }
}

void RateBudget::finish() {
  const std::lock_guard lock(mutex_);
  if (under_way_ > 0) --under_way_;
  changed_.notify_one();
}

void RateBudget::hold_until(std::chrono::steady_clock::time_point time) {
  const std::lock_guard lock(mutex_);
  held_until_ = std::max(held_until_, time);
}

RateBudgets::Groups RateBudgets::of_connection(const std::string& connection_id,
                                               const std::vector<sdk::RateBudgetDescription>& descriptions) {
  const std::lock_guard lock(mutex_);
  Groups groups;
  auto& known = budgets_[connection_id];
  for (const auto& description : descriptions) {
    auto budget = known[description.group].lock();
    if (budget == nullptr) {
      budget = std::make_shared<RateBudget>(description);
      known[description.group] = budget;
    }
    groups.emplace(description.group, std::move(budget));
  }
  return groups;
}

}  // namespace patchbay::limits
