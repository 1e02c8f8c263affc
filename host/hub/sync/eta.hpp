// How long a run still takes, from the pace it has had so far (waits for rate limits are in it).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::sync {

/// Pure: the caller brings the time. Not thread-safe.
class Eta {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// `resources`: the run's, in order. `known`: records that a resource had the last time, where the run reads all
  /// anew.
  Eta(std::vector<std::string> resources, std::map<std::string, std::uint64_t> known, Time now);
  void begin(const std::string& resource);
  /// `total`: what the service says the resource has.
  void add(std::uint64_t records, std::optional<std::uint64_t> total);

  struct Estimate {
    std::chrono::seconds left{0};
    bool whole = true;  // false: a resource that is still to come may have any size and is not in it
  };
  /// nullopt: nothing has been read yet, or nobody knows how much there is of the present resource.
  std::optional<Estimate> estimate(Time now) const;

 private:
  std::vector<std::string> to_come_;  // behind the present one, the next first
  std::map<std::string, std::uint64_t> known_;
  Time began_;
  std::optional<std::uint64_t> total_;  // of the present resource
  std::uint64_t of_present_ = 0, of_run_ = 0;
};

}  // namespace patchbay::sync
