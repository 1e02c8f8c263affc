#include "hub/webhooks/guarantees.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <string_view>

namespace patchbay::webhooks {
namespace {

// One statement, so that all figures are of one moment. `stored` and `removed` are counted where rows come and go, the
// states where they are: a row that got lost in between shows as a difference.
constexpr std::string_view kCount = R"sql(
select
  (select coalesce(sum(count), 0) from work_counters where kind = 'webhook' and stage = 'stored')::bigint as stored,
  (select coalesce(sum(count), 0) from work_counters where kind = 'webhook' and stage = 'removed')::bigint as removed,
  count(*) filter (where state = 'due') as due,
  count(*) filter (where state = 'claimed') as claimed,
  count(*) filter (where state = 'done') as done,
  count(*) filter (where state = 'dead') as dead,
  count(*) filter (where state = 'done' and outcome = 'applied') as applied,
  count(*) filter (where state = 'done' and outcome = 'ignored') as ignored,
  coalesce((extract(epoch from now() - min(due_at) filter (where state = 'due' and due_at <= now())) * 1000)::bigint, 0) as lag_ms
from work_items where kind = 'webhook'
)sql";

}  // namespace

sdk::Result<sdk::json::object> Guarantees::current() {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (kept_ && now - counted_at_ < keep_) return *kept_;
  PATCHBAY_ASSIGN(sdk::json::object counted, count());
  kept_ = counted;
  counted_at_ = now;
  return counted;
}

sdk::Result<sdk::json::object> Guarantees::count() const {
  PATCHBAY_ASSIGN(const storage::Rows rows, database_.query(storage::Lane::kInteractive, kCount));
  sdk::json::object webhooks;
  for (const char* name : {"stored", "removed", "due", "claimed", "done", "dead", "applied", "ignored"}) {
    webhooks[name] = rows.integer(0, name);
  }
  std::int64_t accounted = 0;
  for (const char* name : {"due", "claimed", "done", "dead", "removed"}) accounted += rows.integer(0, name);
  const std::int64_t difference = rows.integer(0, "stored") - accounted;
  webhooks["difference"] = difference;
  webhooks["balanced"] = difference == 0;
  webhooks["oldestDueMilliseconds"] = rows.integer(0, "lag_ms");
  sdk::json::object answer{{"webhooks", std::move(webhooks)}};
  const auto at_risk = fallback_.at_risk_count();
  answer["atRisk"] = at_risk ? sdk::json::value(*at_risk) : sdk::json::value();
  answer["promise"] =
      "Every webhook answered with 200 takes effect once, at least once delivered and de-duplicated by key; atRisk "
      "counts those "
      "that only Redis's fsynced file holds.";
  answer["countedAt"] = sdk::format_time(std::chrono::system_clock::now());
  return answer;
}

}  // namespace patchbay::webhooks
