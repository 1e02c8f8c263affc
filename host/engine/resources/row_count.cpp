#include "engine/resources/row_count.hpp"

namespace patchbay::resources {
namespace {

constexpr auto kAgeMax = std::chrono::seconds(5);
constexpr std::size_t kEntriesMax = 4'096;

}  // namespace

std::optional<RowCount> RowCountCache::find(const std::string& key, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || now - found->second.at > kAgeMax) return std::nullopt;
  return found->second.count;
}

void RowCountCache::put(const std::string& key, RowCount count, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kEntriesMax) {
    std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.at > kAgeMax; });
  }
  // Many different lists at once: forgetting all of them costs each one count.
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_[key] = {count, now};
}

}  // namespace patchbay::resources
