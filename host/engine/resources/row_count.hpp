// How many rows a list has, remembered for a few seconds where counting is expensive.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace patchbay::resources {

struct RowCount {
  std::uint64_t count = 0;
  bool is_estimate = false;
};

/// Counts up to this are exact and never remembered.
inline constexpr std::uint64_t kExactCountMax = 1'000;

/// Large counts by kind, filter and who asks. Thread-safe, bounded.
class RowCountCache {
 public:
  using Clock = std::chrono::steady_clock;
  /// A count that is at most 5 s old.
  std::optional<RowCount> find(const std::string& key, Clock::time_point now);
  void put(const std::string& key, RowCount count, Clock::time_point now);

 private:
  struct Entry {
    RowCount count;
    Clock::time_point at;
  };
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace patchbay::resources
