#include "engine/limits/shared_budget.hpp"

#include <charconv>
#include <cstdio>

namespace patchbay::limits {
namespace {

constexpr std::chrono::milliseconds kLease{300'000};

// KEYS: bucket (hash: points, at, held), calls under way (sorted set by the time at which they are given up).
// ARGV: step, capacity, refill per second, concurrency, lease, cost or milliseconds, reserve, most points, lease's life
constexpr const char* kScript = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local step, capacity, refill, places = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local bucket = redis.call('HMGET', KEYS[1], 'points', 'at', 'held')
local held = tonumber(bucket[3] or '0')
local metered = capacity > 0 and refill > 0
local points = capacity
if metered and bucket[1] then
  points = math.min(capacity, tonumber(bucket[1]) + math.max(0, now - tonumber(bucket[2])) * refill / 1000)
end
local function keep()
  redis.call('HSET', KEYS[1], 'points', string.format('%.6f', points), 'at', string.format('%d', now))
  local fill = metered and math.ceil((capacity - points) / refill * 1000) or 0
  redis.call('PEXPIRE', KEYS[1], string.format('%d', math.max(fill, held - now, 0) + 60000))
end
if step == 'hold' then
  held = math.max(held, now + tonumber(ARGV[6]))
  redis.call('HSET', KEYS[1], 'held', string.format('%d', held))
  keep()
  return {0, 0, '0'}
end
if step == 'finish' or step == 'return' then
  redis.call('ZREM', KEYS[2], ARGV[5])
  if step == 'return' and metered then
    points = math.min(capacity, points + tonumber(ARGV[6]))
    keep()
  end
  return {0, 0, '0'}
end
local cost, reserve, most = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
if most then points = math.min(points, most) end
local shown = string.format('%.6f', points)
if now < held then return {held - now + 1, 0, shown} end
if metered then
  local needed = math.min(cost + reserve, capacity)
  if points < needed then
    if most then keep() end
    return {math.ceil((needed - points) / refill * 1000), 0, shown}
  end
end
if places > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%d', now))
  if redis.call('ZCARD', KEYS[2]) >= places then return {0, 1, shown} end
  redis.call('ZADD', KEYS[2], string.format('%d', now + tonumber(ARGV[9])), ARGV[5])
  redis.call('PEXPIRE', KEYS[2], ARGV[9])
end
if metered then
  points = points - cost
  keep()
end
return {0, 0, string.format('%.6f', points)}
)lua";

std::string text_of(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6f", number);
  return text;
}

/// "{…}" is the hash tag: both keys of a budget are in one slot of a cluster.
std::string key_of(const redis::Client& client, const std::string& subject, const std::string& group,
                   std::string_view what) {
  return client.key("budget:{" + subject + ":" + group + "}:" + std::string(what));
}

}  // namespace

SharedBudget::SharedBudget(redis::Client& client, const std::string& subject,
                           const sdk::RateBudgetDescription& description)
    : client_(client),
      description_(description),
      bucket_key_(key_of(client, subject, description.group, "bucket")),
      calls_key_(key_of(client, subject, description.group, "calls")) {}

sdk::Result<redis::Reply> SharedBudget::run(std::vector<std::string> arguments) {
  redis::Command command{"EVAL",
                         kScript,
                         "2",
                         bucket_key_,
                         calls_key_,
                         std::move(arguments.front()),
                         text_of(description_.capacity),
                         text_of(description_.refill_per_second),
                         std::to_string(description_.concurrency_max)};
  command.insert(command.end(), arguments.begin() + 1, arguments.end());
  return client_.command(command);
}

sdk::Result<SharedBudget::Verdict> SharedBudget::take(const Request& request) {
  PATCHBAY_ASSIGN(const redis::Reply reply,
                  run({"take", request.lease, text_of(request.cost), text_of(request.reserve),
                       request.at_most ? text_of(*request.at_most) : "", std::to_string(kLease.count())}));
  if (reply.items.size() != 3) return sdk::transient_error("redis.reply", "The budget's script answered strangely.");
  Verdict verdict;
  verdict.wait = std::chrono::milliseconds(reply.items[0].integer);
  verdict.crowded = reply.items[1].integer != 0;
  const std::string& points = reply.items[2].text;
  std::from_chars(points.data(), points.data() + points.size(), verdict.points);
  return verdict;
}

sdk::Result<void> SharedBudget::finish(const std::string& lease) {
  PATCHBAY_TRY(run({"finish", lease}));
  return {};
}

sdk::Result<void> SharedBudget::give_back(double cost, const std::string& lease) {
  PATCHBAY_TRY(run({"return", lease, text_of(cost)}));
  return {};
}

sdk::Result<void> SharedBudget::hold(std::chrono::milliseconds duration) {
  PATCHBAY_TRY(run({"hold", "", std::to_string(duration.count())}));
  return {};
}

}  // namespace patchbay::limits
