// When work that failed is tried again. Pure: the caller brings time and randomness.
#pragma once

#include "platform/base/backoff.hpp"

#include <patchbay/sdk/error.hpp>

#include <chrono>

namespace patchbay::queue {

struct RetrySettings {
  int attempts_max = 8;
  base::Backoff backoff{std::chrono::seconds(1), std::chrono::minutes(10), 2.0};
  std::chrono::milliseconds rate_limit_wait{5'000};  // where the service named none
  std::chrono::milliseconds auth_wait{std::chrono::minutes(2)};
  std::chrono::milliseconds postpone_max{std::chrono::hours(7 * 24)};  // work that has waited longer than this is dead
};

struct RetryDecision {
  enum class Next {
    kRetry,     // due again after `delay`, counted as a try
    kPostpone,  // due again after `delay`, not counted
    kDead,
  };
  Next next = Next::kDead;
  std::chrono::milliseconds delay{0};
};

/// `attempts` counts the tries made, this one included; `age` is the time since the work came in.
RetryDecision decide_retry(const RetrySettings& settings, const sdk::Error& error, int attempts,
                           std::chrono::milliseconds age, double random);

}  // namespace patchbay::queue
