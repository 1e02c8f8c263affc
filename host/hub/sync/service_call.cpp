#include "hub/sync/service_call.hpp"

namespace patchbay::sync {
namespace {

constexpr std::chrono::milliseconds kCancelLook{100};

}  // namespace

ServiceCaller::ServiceCaller(CallSettings settings, sdk::Lane lane, sdk::CancelToken cancel)
    : settings_(settings), lane_(lane), cancel_(std::move(cancel)) {}

sdk::CallContext ServiceCaller::make_context() const {
  sdk::CallContext context;
  context.deadline = std::chrono::steady_clock::now() + settings_.call_timeout;
  context.cancel = cancel_;
  context.lane = lane_;
  return context;
}

std::optional<std::chrono::milliseconds> ServiceCaller::pause_after(sdk::Error& error, std::uint32_t& tries) {
  if (cancel_.cancelled()) return std::nullopt;
  if (error.error_class == sdk::ErrorClass::kRateLimited) {
    const auto asked = std::min(error.retry_after.value_or(settings_.rate_limit_wait), settings_.wait_max);
    const std::lock_guard lock(mutex_);
    ++waits_.count;
    waits_.total += asked;
    --tries;
    return asked;
  }
  // Cancelled, and not by us: the deadline of this one call.
  if (error.error_class == sdk::ErrorClass::kCancelled) {
    error = sdk::transient_error("sync.timeout", "The service did not answer in time.");
  }
  if (error.error_class != sdk::ErrorClass::kTransient || tries >= settings_.tries_max) return std::nullopt;
  return std::min(error.retry_after.value_or(settings_.backoff.delay(tries, base::random_fraction())),
                  settings_.wait_max);
}

bool ServiceCaller::wait(std::chrono::milliseconds duration) {
  base::StopSignal signal;
  const auto until = std::chrono::steady_clock::now() + duration;
  while (!cancel_.cancelled()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    signal.wait_for(std::min(left, kCancelLook));
  }
  return false;
}

CallWaits ServiceCaller::waits() const {
  const std::lock_guard lock(mutex_);
  return waits_;
}

}  // namespace patchbay::sync
