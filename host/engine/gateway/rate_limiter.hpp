// How often somebody may ask: sliding windows, counted in this process and shared between hosts through Redis.
#pragma once

#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/redis/client.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <array>
#include <chrono>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace patchbay::gateway {

/// Figures of the contract; 0 switches a limit off.
struct LimitSettings {
  long long global_per_hour = 1000;  // per address, requests without a sign-in
  long long user_per_minute = 1000;
  long long auth_per_minute = 5;              // per address and per account, each counted by itself
  long long webhook_per_minute = 100;         // per address, requests whose verification failed
  long long webhook_verified_per_minute = 0;  // per connector and address, requests whose verification succeeded
  std::size_t keys_max = 100'000;             // counters kept; the one not used for longest goes first
  std::chrono::milliseconds share_period{250};
};

enum class Limit { kAddress, kUser, kAuthAddress, kAuthAccount, kWebhookFailure, kWebhookVerified };
std::string_view limit_name(Limit limit);

struct LimitVerdict {
  bool allowed = true;
  long long limit = 0;
  long long remaining = 0;
  std::chrono::seconds wait{0};  // until one more is allowed
  bool first_refusal = false;    // of this key in this window: the one that goes into the audit trail
};

/// Thread-safe; count() and look() never block on anything but a short lock. The window slides: the last window counts
/// by the share of it that still lies inside. Refused requests do not count. Where several hosts share a Redis, each
/// learns the others' counts of a key within `share_period` of counting it; without Redis each counts for itself.
class RateLimiter {
 public:
  /// `shared` may be null (one host) and outlives this.
  RateLimiter(LimitSettings settings, const sdk::Clock& clock, redis::Client* shared, base::Metrics& metrics);
  ~RateLimiter();
  /// Starts the sharing thread; without it nothing is shared. Idempotent stop().
  void start();
  void stop();

  /// Judges one more request of `key` and counts it where it is allowed.
  LimitVerdict count(Limit limit, std::string_view key);
  /// Judges without counting.
  LimitVerdict look(Limit limit, std::string_view key);
  /// Counts what has already happened (a failed verification), whatever the verdict.
  void count_failure(Limit limit, std::string_view key);

 private:
  struct Entry {
    std::string id;  // limit and key
    Limit limit;
    long long window = 0;   // number of the window `current` counts
    long long current = 0;  // here and on other hosts, as far as known
    long long previous = 0;
    long long unshared = 0;  // part of `current` that other hosts do not know yet
    bool refused = false;
    bool queued = false;  // stands in to_share_
  };
  using Entries = std::list<Entry>;
  struct Share;

  LimitVerdict judge(Limit limit, std::string_view key, bool counts, bool always);
  Entry& entry_of(Limit limit, std::string_view key, long long window);
  long long maximum(Limit limit) const;
  std::vector<Share> take_shares();
  void put_back(const std::vector<Share>& shares);
  void share_once();
  void run();

  const LimitSettings settings_;
  const sdk::Clock& clock_;
  redis::Client* const shared_;
  std::array<base::Counter, 6> refused_counters_;
  base::Counter evicted_counter_;
  std::mutex mutex_;
  Entries entries_;  // last used first
  std::unordered_map<std::string_view, Entries::iterator> by_id_;
  std::vector<std::string> to_share_;
  base::StopSignal stop_;
  std::thread thread_;
};

/// The part of an address that a limit counts: IPv4 whole, IPv6 by its first 64 bits (one subscriber has them all).
std::string address_key(std::string_view address);

}  // namespace patchbay::gateway
