#pragma once

#include <chrono>
#include <cstdint>

namespace patchbay::base {

/// Exponential back-off with full jitter between half and the whole of the step. Pure: the caller brings the
/// randomness.
struct Backoff {
  std::chrono::milliseconds initial{500};
  std::chrono::milliseconds maximum{300'000};
  double multiplier = 2.0;

  /// Delay before try number `attempt` + 1 (attempt counts the tries already made, from 1). `random` in [0, 1).
  std::chrono::milliseconds delay(std::uint32_t attempt, double random) const;
};

/// A random number in [0, 1) from the thread's own generator.
double random_fraction();

}  // namespace patchbay::base
