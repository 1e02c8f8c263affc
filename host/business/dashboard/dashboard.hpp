// What the start page shows: figures and the latest changes, remembered for a second.
#pragma once

#include "engine/resources/route_support.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace patchbay::dashboard {

/// Finished answers by key, at most a second old. Thread-safe, bounded.
class AnswerCache {
 public:
  using Clock = std::chrono::steady_clock;
  std::optional<std::string> find(const std::string& key, Clock::time_point now);
  void put(const std::string& key, std::string answer, Clock::time_point now);

 private:
  struct Entry {
    std::string answer;
    Clock::time_point at;
  };
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

class Dashboard {
 public:
  /// `currency` is the business's: sums are in it, others are listed beside.
  Dashboard(storage::Database& database, const resources::Registry& registry, const policy::Policy& policy,
            std::string currency = "USD");
  /// GET /dashboard/summary and /dashboard/activity. The dashboard outlives its routes.
  gateway::Routes routes();

 private:
  sdk::Result<std::string> summary(const policy::Principal& principal);
  sdk::Result<std::string> activity(const policy::Principal& principal, std::size_t limit);

  storage::Database& database_;
  const resources::Registry& registry_;
  const policy::Policy& policy_;
  const std::string currency_;
  AnswerCache cache_;
};

}  // namespace patchbay::dashboard
