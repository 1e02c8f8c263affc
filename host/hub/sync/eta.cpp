#include "hub/sync/eta.hpp"

#include <algorithm>
#include <cmath>

namespace patchbay::sync {

Eta::Eta(std::vector<std::string> resources, std::map<std::string, std::uint64_t> known, Time now)
    : to_come_(std::move(resources)), known_(std::move(known)), began_(now) {}

void Eta::begin(const std::string& resource) {
  const auto at = std::find(to_come_.begin(), to_come_.end(), resource);
  if (at != to_come_.end()) to_come_.erase(to_come_.begin(), at + 1);
  const auto before = known_.find(resource);
  total_ = before == known_.end() ? std::nullopt : std::optional(before->second);
  of_present_ = 0;
}

void Eta::add(std::uint64_t records, std::optional<std::uint64_t> total) {
  of_present_ += records;
  of_run_ += records;
  if (total) total_ = total;
}

std::optional<Eta::Estimate> Eta::estimate(Time now) const {
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (!total_ || of_run_ == 0 || seconds <= 0) return std::nullopt;
  std::uint64_t left = *total_ > of_present_ ? *total_ - of_present_ : 0;
  Estimate estimate;
  for (const std::string& resource : to_come_) {
    const auto before = known_.find(resource);
    if (before == known_.end()) {
      estimate.whole = false;
    } else {
      left += before->second;
    }
  }
  const double needed = static_cast<double>(left) * seconds / static_cast<double>(of_run_);
  estimate.left = std::chrono::seconds(static_cast<std::int64_t>(std::ceil(needed)));
  return estimate;
}

}  // namespace patchbay::sync
