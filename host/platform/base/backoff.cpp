#include "platform/base/backoff.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace patchbay::base {

std::chrono::milliseconds Backoff::delay(std::uint32_t attempt, double random) const {
  const double exponent = attempt == 0 ? 0.0 : static_cast<double>(attempt - 1);
  const double grown = static_cast<double>(initial.count()) * std::pow(multiplier, exponent);
  // A power that overflowed to infinity is cut to the maximum like any other.
  const double step = std::min(grown, static_cast<double>(maximum.count()));
  const double jittered = step / 2 + step / 2 * std::clamp(random, 0.0, 1.0);
  return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(jittered));
}

double random_fraction() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

}  // namespace patchbay::base
