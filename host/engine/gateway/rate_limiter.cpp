#include "engine/gateway/rate_limiter.hpp"

#include "platform/base/digest.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cmath>
#include <cstring>

namespace patchbay::gateway {
namespace {

constexpr std::size_t kSharesMax = 500;  // a round trip
constexpr std::array<std::string_view, 6> kNames{
    "address", "user", "auth_address", "auth_account", "webhook_failure", "webhook_verified"};

std::chrono::seconds window_of(Limit limit) {
  return limit == Limit::kAddress ? std::chrono::seconds(3600) : std::chrono::seconds(60);
}

std::size_t index_of(Limit limit) {
  return static_cast<std::size_t>(limit);
}

/// How far `now` lies in its window, 0 … 1.
double fraction_of(std::chrono::system_clock::time_point now, std::chrono::seconds window) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(window);
  return static_cast<double>(since.count() % length.count()) / static_cast<double>(length.count());
}

/// Seconds until `current + share of previous + 1 <= maximum`.
std::chrono::seconds wait_for_room(long long previous, long long current, long long maximum, double fraction,
                                   std::chrono::seconds window) {
  double windows = 1 - fraction;
  if (current + 1 <= maximum) {
    const double until = 1 - static_cast<double>(maximum - current - 1) / static_cast<double>(std::max(1LL, previous));
    windows = until - fraction;
  } else {
    windows += std::max(0.0, 1 - static_cast<double>(maximum - 1) / static_cast<double>(current));
  }
  const double seconds = std::ceil(windows * static_cast<double>(window.count()));
  return std::chrono::seconds(std::max(1LL, static_cast<long long>(seconds)));
}

template <std::size_t... Index>
std::array<base::Counter, sizeof...(Index)> refused_counters(base::Metrics& metrics, std::index_sequence<Index...>) {
  return {metrics.counter("patchbay_gateway_limited_total", "Requests over a rate limit.",
                          {{"limit", std::string(kNames[Index])}})...};
}

long long count_of(const sdk::Result<redis::Reply>& reply) {
  if (!reply.ok()) return 0;
  if (reply->kind == redis::Reply::Kind::kInteger) return reply->integer;
  long long number = 0;
  std::from_chars(reply->text.data(), reply->text.data() + reply->text.size(), number);
  return number;
}

}  // namespace

std::string_view limit_name(Limit limit) {
  return kNames[index_of(limit)];
}

std::string address_key(std::string_view address) {
  in6_addr parsed{};
  const std::string text(address);
  if (inet_pton(AF_INET6, text.c_str(), &parsed) != 1) return text;
  std::string prefix(8, '\0');
  std::memcpy(prefix.data(), &parsed, prefix.size());
  return sdk::hex_encode(prefix) + "::/64";
}

/// What is sent to Redis for one key, by value: the entry may be gone when the answer comes.
struct RateLimiter::Share {
  std::string id;
  Limit limit;
  long long window;
  long long amount;
};

RateLimiter::RateLimiter(LimitSettings settings, const sdk::Clock& clock, redis::Client* shared, base::Metrics& metrics)
    : settings_(settings),
      clock_(clock),
      shared_(shared),
      refused_counters_(refused_counters(metrics, std::make_index_sequence<kNames.size()>())),
      evicted_counter_(metrics.counter("patchbay_gateway_limit_keys_evicted_total",
                                       "Rate limit counters dropped because there were too many.")) {}

RateLimiter::~RateLimiter() {
  stop();
}

void RateLimiter::start() {
  if (shared_ != nullptr && !thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void RateLimiter::stop() {
  stop_.stop();
  if (thread_.joinable()) thread_.join();
}

LimitVerdict RateLimiter::count(Limit limit, std::string_view key) {
  return judge(limit, key, true, false);
}
LimitVerdict RateLimiter::look(Limit limit, std::string_view key) {
  return judge(limit, key, false, false);
}
void RateLimiter::count_failure(Limit limit, std::string_view key) {
  judge(limit, key, true, true);
}

long long RateLimiter::maximum(Limit limit) const {
  switch (limit) {
    case Limit::kAddress:
      return settings_.global_per_hour;
    case Limit::kUser:
      return settings_.user_per_minute;
    case Limit::kAuthAddress:
    case Limit::kAuthAccount:
      return settings_.auth_per_minute;
    case Limit::kWebhookFailure:
      return settings_.webhook_per_minute;
    case Limit::kWebhookVerified:
      return settings_.webhook_verified_per_minute;
  }
  return 0;
}

LimitVerdict RateLimiter::judge(Limit limit, std::string_view key, bool counts, bool always) {
  LimitVerdict verdict;
  verdict.limit = maximum(limit);
  if (verdict.limit <= 0) return verdict;
  const auto now = clock_.now();
  const auto length = window_of(limit);
  const long long window = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()) / length;
  const double fraction = fraction_of(now, length);

  const std::lock_guard lock(mutex_);
  Entry& entry = entry_of(limit, key, window);
  const double used = static_cast<double>(entry.current) + static_cast<double>(entry.previous) * (1 - fraction);
  verdict.allowed = used + 1 <= static_cast<double>(verdict.limit);
  if (!verdict.allowed) {
    verdict.wait = wait_for_room(entry.previous, entry.current, verdict.limit, fraction, length);
    if (!always) {
      verdict.first_refusal = !std::exchange(entry.refused, true);
      refused_counters_[index_of(limit)].add();
    }
  }
  if (counts && (verdict.allowed || always)) {
    ++entry.current;
    ++entry.unshared;
    if (shared_ != nullptr && !std::exchange(entry.queued, true)) to_share_.push_back(entry.id);
    verdict.remaining = std::max(0LL, verdict.limit - static_cast<long long>(std::ceil(used)) - 1);
  }
  return verdict;
}

RateLimiter::Entry& RateLimiter::entry_of(Limit limit, std::string_view key, long long window) {
  std::string id(limit_name(limit));
  id.append(1, ':').append(key.substr(0, 512));
  auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    if (entries_.size() >= settings_.keys_max && !entries_.empty()) {
      by_id_.erase(entries_.back().id);
      entries_.pop_back();
      evicted_counter_.add();
    }
    entries_.push_front(Entry{std::move(id), limit, window});
    found = by_id_.emplace(entries_.front().id, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  Entry& entry = *found->second;
  if (entry.window != window) {
    entry.previous = entry.window + 1 == window ? entry.current : 0;
    entry.current = 0;
    entry.unshared = 0;
    entry.window = window;
    entry.refused = false;
  }
  return entry;
}

std::vector<RateLimiter::Share> RateLimiter::take_shares() {
  std::vector<Share> shares;
  const std::lock_guard lock(mutex_);
  const std::size_t count = std::min(kSharesMax, to_share_.size());
  for (auto id = to_share_.end() - static_cast<std::ptrdiff_t>(count); id != to_share_.end(); ++id) {
    const auto found = by_id_.find(*id);
    if (found == by_id_.end()) continue;
    Entry& entry = *found->second;
    entry.queued = false;
    if (entry.unshared == 0) continue;
    shares.push_back({entry.id, entry.limit, entry.window, std::exchange(entry.unshared, 0)});
  }
  to_share_.resize(to_share_.size() - count);
  return shares;
}

void RateLimiter::put_back(const std::vector<Share>& shares) {
  const std::lock_guard lock(mutex_);
  for (const auto& share : shares) {
    const auto found = by_id_.find(share.id);
    if (found == by_id_.end() || found->second->window != share.window) continue;
    found->second->unshared += share.amount;
    if (!std::exchange(found->second->queued, true)) to_share_.push_back(share.id);
  }
}

void RateLimiter::share_once() {
  const auto shares = take_shares();
  if (shares.empty()) return;
  std::vector<redis::Command> commands;
  commands.reserve(shares.size() * 3);
  for (const auto& share : shares) {
    // The key is hashed: what comes from outside (an account name) must not shape it, nor be read there.
    const std::string prefix = "limit:" + sdk::hex_encode(base::sha256(share.id).substr(0, 16)) + ":";
    const std::string key = shared_->key(prefix + std::to_string(share.window));
    commands.push_back({"INCRBY", key, std::to_string(share.amount)});
    commands.push_back({"EXPIRE", key, std::to_string(2 * window_of(share.limit).count())});
    commands.push_back({"GET", shared_->key(prefix + std::to_string(share.window - 1))});
  }
  const auto replies = shared_->pipeline(commands);
  if (!replies.ok() || replies->size() != commands.size()) {
    put_back(shares);
    return;
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t index = 0; index < shares.size(); ++index) {
    const auto found = by_id_.find(shares[index].id);
    if (found == by_id_.end() || found->second->window != shares[index].window) continue;
    Entry& entry = *found->second;
    entry.current = std::max(entry.current, count_of((*replies)[3 * index]) + entry.unshared);
    entry.previous = std::max(entry.previous, count_of((*replies)[3 * index + 2]));
  }
}

void RateLimiter::run() {
  while (stop_.wait_for(settings_.share_period)) share_once();
}

}  // namespace patchbay::gateway
