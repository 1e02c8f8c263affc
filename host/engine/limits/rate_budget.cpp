#include "engine/limits/rate_budget.hpp"

#include "platform/base/ids.hpp"

#include <algorithm>
#include <cmath>

namespace patchbay::limits {
namespace {

constexpr std::chrono::milliseconds kLook{100};        // for cancellation, and for what others give back
constexpr std::chrono::milliseconds kCrowdedLook{25};  // no process hears of another's calls that end
constexpr std::chrono::milliseconds kAwayFor{1'000};   // before Redis is asked again

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

RateBudget::RateBudget(const sdk::RateBudgetDescription& description, std::unique_ptr<SharedBudget> shared)
    : capacity_(description.capacity),
      refill_per_second_(description.refill_per_second),
      concurrency_max_(description.concurrency_max),
      shared_(std::move(shared)),
      points_(description.capacity),
      filled_at_(std::chrono::steady_clock::now()) {}

void RateBudget::fill(Time now) {
  const double elapsed = std::chrono::duration<double>(now - filled_at_).count();
  points_ = std::min(capacity_, points_ + elapsed * refill_per_second_);
  filled_at_ = now;
}

bool RateBudget::shared_now() {
  if (shared_ == nullptr) return false;
  const std::lock_guard lock(mutex_);
  return std::chrono::steady_clock::now() >= away_until_;
}

void RateBudget::note_failure() {
  const std::lock_guard lock(mutex_);
  away_until_ = std::chrono::steady_clock::now() + kAwayFor;
  was_away_ = true;
}

std::optional<RateBudget::Verdict> RateBudget::try_shared(sdk::Lane lane, Taken& taken) {
  SharedBudget::Request request{taken.cost, reserve_share(lane) * capacity_, taken.lease, std::nullopt};
  bool tells = false;
  {
    const std::lock_guard lock(mutex_);
    tells = std::exchange(was_away_, false);
    fill(std::chrono::steady_clock::now());
    if (tells) request.at_most = points_;
  }
  const auto verdict = shared_->take(request);
  if (!verdict.ok()) {
    note_failure();
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  points_ = verdict->points;
  filled_at_ = std::chrono::steady_clock::now();
  return Verdict{verdict->wait, verdict->crowded};
}

RateBudget::Verdict RateBudget::try_local(sdk::Lane lane, Taken& taken) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now < held_until_) {
    return {std::chrono::duration_cast<std::chrono::milliseconds>(held_until_ - now) + std::chrono::milliseconds(1),
            false};
  }
  const bool metered = capacity_ > 0 && refill_per_second_ > 0;
  if (metered) {
    fill(now);
    // A call dearer than the whole bucket may run from a full one; otherwise it could never run.
    const double needed = std::min(taken.cost + reserve_share(lane) * capacity_, capacity_);
    if (points_ < needed) {
      const double seconds = (needed - points_) / refill_per_second_;
      return {std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000.0))), false};
    }
  }
  if (concurrency_max_ > 0 && under_way_ >= concurrency_max_) return {std::chrono::milliseconds(0), true};
  if (metered) points_ -= taken.cost;
  ++under_way_;
  return {};
}

RateBudget::Verdict RateBudget::try_take(sdk::Lane lane, Taken& taken) {
  if (shared_now()) {
    taken.shared = true;
    if (const auto verdict = try_shared(lane, taken)) return *verdict;
  }
  taken.shared = false;
  return try_local(lane, taken);
}

sdk::Result<RateBudget::Taken> RateBudget::take(const sdk::CallContext& context, double cost) {
  const auto began = std::chrono::steady_clock::now();
  Taken taken;
  taken.cost = cost;
  if (shared_ != nullptr && concurrency_max_ > 0) taken.lease = base::new_uuid();
  while (true) {
    PATCHBAY_TRY(context.check());
    const Verdict verdict = try_take(context.lane, taken);
    const auto now = std::chrono::steady_clock::now();
    if (verdict.taken()) {
      taken.waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - began);
      return taken;
    }
    if (now + verdict.wait > context.deadline) {
      return sdk::rate_limited_error(
          "http.budget", "the service's rate limit is used up for longer than this call may wait", verdict.wait);
    }
    const auto pause = verdict.crowded && taken.shared ? kCrowdedLook : std::min(verdict.wait, kLook);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::max(verdict.crowded && !taken.shared ? kLook : pause, std::chrono::milliseconds(1)));
  }
}

void RateBudget::finish(const Taken& taken) {
  if (taken.shared) {
    if (!taken.lease.empty() && shared_now() && !shared_->finish(taken.lease).ok()) note_failure();
    changed_.notify_one();
    return;
  }
  const std::lock_guard lock(mutex_);
  if (under_way_ > 0) --under_way_;
  changed_.notify_one();
}

void RateBudget::give_back(const Taken& taken) {
  if (taken.shared) {
    if (shared_now() && !shared_->give_back(taken.cost, taken.lease).ok()) note_failure();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    points_ = std::min(capacity_, points_ + taken.cost);
  }
  finish(taken);
}

void RateBudget::hold_for(std::chrono::milliseconds duration) {
  {
    const std::lock_guard lock(mutex_);
    held_until_ = std::max(held_until_, std::chrono::steady_clock::now() + duration);
  }
  if (shared_now() && !shared_->hold(duration).ok()) note_failure();
}

RateBudgets::Groups RateBudgets::of_subject(const std::string& subject,
                                            const std::vector<sdk::RateBudgetDescription>& descriptions) {
  const std::lock_guard lock(mutex_);
  Groups groups;
  auto& known = budgets_[subject];
  for (const auto& description : descriptions) {
    auto budget = known[description.group].lock();
    if (budget == nullptr) {
      auto shared = shared_ == nullptr ? nullptr : std::make_unique<SharedBudget>(*shared_, subject, description);
      budget = std::make_shared<RateBudget>(description, std::move(shared));
      known[description.group] = budget;
    }
    groups.emplace(description.group, std::move(budget));
  }
  return groups;
}

}  // namespace patchbay::limits
