#pragma once

#include <chrono>
#include <thread>

namespace patchbay::testing {

/// Looks every few milliseconds (or every `pause`) until `condition()` holds. false: it did not within `limit`.
template <typename Condition>
bool wait_until(const Condition& condition, std::chrono::milliseconds limit = std::chrono::seconds(10),
                std::chrono::milliseconds pause = std::chrono::milliseconds(3)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return condition();
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace patchbay::testing
