#include "engine/queue/retry_policy.hpp"

#include <algorithm>

namespace patchbay::queue {
namespace {

/// Between the whole and one and a half times: who waited together should not come back together.
std::chrono::milliseconds spread(std::chrono::milliseconds wait, double random) {
  return wait + std::chrono::milliseconds(static_cast<long long>(static_cast<double>(wait.count()) * random / 2));
}

RetryDecision postpone(const RetrySettings& settings, std::chrono::milliseconds wait, std::chrono::milliseconds age,
                       double random) {
  if (age > settings.postpone_max) return {RetryDecision::Next::kDead, {}};
  return {RetryDecision::Next::kPostpone, spread(wait, random)};
}

}  // namespace

RetryDecision decide_retry(const RetrySettings& settings, const sdk::Error& error, int attempts,
                           std::chrono::milliseconds age, double random) {
  switch (error.error_class) {
    case sdk::ErrorClass::kRateLimited:
      return postpone(settings, error.retry_after.value_or(settings.rate_limit_wait), age, random);
    case sdk::ErrorClass::kAuth:  // only the owner can help; the work waits for the connection
      return postpone(settings, settings.auth_wait, age, random);
    case sdk::ErrorClass::kCancelled:  // the host stops or gave up: not the work's fault
      return postpone(settings, std::chrono::milliseconds(1'000), age, random);
    case sdk::ErrorClass::kTransient:
    case sdk::ErrorClass::kConflict: {
      if (attempts >= settings.attempts_max) return {RetryDecision::Next::kDead, {}};
      const auto step = settings.backoff.delay(static_cast<std::uint32_t>(std::max(attempts, 1)), random);
      return {RetryDecision::Next::kRetry, std::max(step, error.retry_after.value_or(step))};
    }
    case sdk::ErrorClass::kPermanent:
    case sdk::ErrorClass::kInvalid:
    case sdk::ErrorClass::kNotFound:
      return {RetryDecision::Next::kDead, {}};
  }
  return {RetryDecision::Next::kDead, {}};
}

}  // namespace patchbay::queue
