#include "engine/queue/sweeper.hpp"

#include "platform/base/log.hpp"

#include <map>
#include <string_view>

namespace patchbay::queue {
namespace {

constexpr std::size_t kPage = 2'000;
constexpr int kPagesMax = 5;
constexpr std::size_t kRoadEntriesMax = 64;  // more: the workers are behind, and nothing is helped by more
constexpr std::chrono::milliseconds kMeasureInterval{5'000};

constexpr std::string_view kReleaseExpired = R"sql(
update work_items w set
  state = case when w.attempts >= $1::integer then 'dead' else 'due' end,
  due_at = now(), claim_id = null, claimed_until = null, again = false,
  finished_at = case when w.attempts >= $1::integer then now() end,
  last_error = jsonb_build_object('class', 'transient', 'code', 'queue.lease_expired',
                                  'message', 'The worker that held this work went away.', 'at', now())
from (
  select id from work_items where state = 'claimed' and claimed_until < now() order by claimed_until limit 500
  for update skip locked
) expired
where w.id = expired.id
returning w.id, w.kind, w.state
)sql";

// Rows that were put off or released were never announced for their new time; new ones were, unless that was lost.
constexpr std::string_view kFindDue = R"sql(
select id, kind, due_at::text as due_at from work_items
where state = 'due' and due_at <= now() and (due_at, id) > ($1::timestamptz, $2::bigint)
  and (due_at > created_at or due_at <= now() - $3::bigint * interval '1 millisecond')
order by due_at, id limit $4::bigint
)sql";

// Old rows stand at the head of the primary key; the cursor steps over those that are dead or still due.
constexpr std::string_view kRemoveOld = R"sql(
with head as (
  select id, kind, state, finished_at from work_items
  where id > $1::bigint and created_at < now() - $2::bigint * interval '1 millisecond' order by id limit 1000
), gone as (
  delete from work_items w using head h
  where w.id = h.id and w.state = 'done' and w.finished_at < now() - $2::bigint * interval '1 millisecond'
  returning w.kind
), counted as (
  insert into work_counters (kind, stage, shard, count) select kind, 'removed', 0, count(*) from gone group by kind
  on conflict (kind, stage, shard) do update set count = work_counters.count + excluded.count
)
select (select count(*) from gone) as removed, (select count(*) from head) as seen, (select max(id) from head) as last
)sql";

// Counted to a bound, so that a long backlog is not made longer by counting it.
constexpr std::string_view kBacklog = R"sql(
select kind, state, count(*) as count from (
  (select kind, state from work_items where state = 'due' limit 20000) union all
  (select kind, state from work_items where state = 'claimed' limit 20000) union all
  (select kind, state from work_items where state = 'dead' limit 20000)
) counted group by kind, state
)sql";

}  // namespace

Sweeper::Sweeper(storage::Database& database, Road& road, std::function<std::size_t()> waiting_count,
                 SweeperSettings settings, base::Metrics& metrics)
    : database_(database),
      road_(road),
      waiting_count_(std::move(waiting_count)),
      settings_(settings),
      metrics_(metrics),
      released_count_(metrics.counter("patchbay_queue_leases_expired_total", "Items whose worker went away")),
      found_count_(metrics.counter("patchbay_queue_swept_total", "Due items that the sweeper put on the road")) {}

Sweeper::~Sweeper() {
  stop();
}

void Sweeper::start() {
  thread_ = std::thread([this] { run(); });
}

void Sweeper::stop() {
  signal_.stop();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::run() {
  while (signal_.wait_for(settings_.interval)) sweep();
}

void Sweeper::sweep() {
  // Said once for as long as it lasts: this runs several times a second.
  const auto report = [this](std::string_view what, const sdk::Result<std::size_t>& result) {
    const std::string problem = result.ok() ? std::string() : std::string(what) + " " + result.error().code;
    std::string& last = problems_[std::string(what)];
    if (!result.ok() && last != problem) base::log_warning("queue", what, {{"code", result.error().code}});
    last = problem;
    return result.ok();
  };
  if (!report("expired leases could not be released", release_expired())) return;
  report("due work could not be looked for", announce_due());
  const auto now = std::chrono::steady_clock::now();
  if (now >= remove_again_) {
    const auto removed = remove_old();
    report("old work could not be removed", removed);
    if (!removed.ok() || *removed == 0) remove_again_ = now + settings_.retention_interval;
  }
  if (now >= measure_again_) {
    measure_again_ = now + kMeasureInterval;
    measure_backlog();
  }
}

sdk::Result<std::size_t> Sweeper::release_expired() {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database_.query(storage::Lane::kWorker, kReleaseExpired, {std::to_string(settings_.attempts_max)}));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.text(row, "state") == "due") road_.announce(rows.text(row, "kind"), {rows.integer(row, "id")});
  }
  if (!rows.empty()) {
    released_count_.add(static_cast<double>(rows.size()));
    base::log_warning("queue", "leases of a worker that went away were released", {{"count", rows.size()}});
  }
  return rows.size();
}

sdk::Result<std::size_t> Sweeper::announce_due() {
  if (waiting_count_() > settings_.waiting_max) return std::size_t{0};
  PATCHBAY_ASSIGN(const std::size_t length, road_.length());
  if (length > kRoadEntriesMax) return std::size_t{0};
  forget_announced();
  const auto now = std::chrono::steady_clock::now();
  std::string after_time = "-infinity";
  std::string after_id = "0";
  std::size_t announced = 0;
  for (int page = 0; page < kPagesMax && announced < kPage; ++page) {
    PATCHBAY_ASSIGN(
        const storage::Rows rows,
        database_.query(storage::Lane::kWorker, kFindDue,
                        {after_time, after_id, std::to_string(settings_.grace.count()), std::to_string(kPage)}));
    std::map<std::string, std::vector<std::int64_t>> by_kind;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::int64_t id = rows.integer(row, "id");
      if (!announced_.emplace(id, now).second) continue;
      by_kind[rows.text(row, "kind")].push_back(id);
      ++announced;
    }
    for (const auto& [kind, ids] : by_kind) road_.announce(kind, ids);
    if (rows.size() < kPage) break;
    after_time = rows.text(rows.size() - 1, "due_at");
    after_id = rows.text(rows.size() - 1, "id");
  }
  found_count_.add(static_cast<double>(announced));
  return announced;
}

void Sweeper::forget_announced() {
  const auto before = std::chrono::steady_clock::now() - settings_.remember;
  std::erase_if(announced_, [&](const auto& entry) { return entry.second < before; });
}

sdk::Result<std::size_t> Sweeper::remove_old() {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database_.query(storage::Lane::kWorker, kRemoveOld,
                                  {std::to_string(removal_cursor_), std::to_string(settings_.retention.count())}));
  const std::int64_t seen = rows.integer(0, "seen");
  removal_cursor_ = seen < 1'000 ? 0 : rows.integer(0, "last");
  // Rows that were only stepped over still ask for the next round at once.
  return removal_cursor_ > 0 ? static_cast<std::size_t>(seen) : static_cast<std::size_t>(0);
}

void Sweeper::measure_backlog() {
  const auto rows = database_.query(storage::Lane::kWorker, kBacklog);
  if (!rows.ok()) return;
  for (auto& [name, gauge] : backlog_) gauge.set(0);
  for (std::size_t row = 0; row < rows->size(); ++row) {
    const std::string kind = rows->text(row, "kind");
    const std::string state = rows->text(row, "state");
    const auto found = backlog_
                           .try_emplace(kind + "/" + state,
                                        metrics_.gauge("patchbay_queue_items_count", "Work by state, counted to 20,000",
                                                       {{"kind", kind}, {"state", state}}))
                           .first;
    found->second.set(static_cast<double>(rows->integer(row, "count")));
  }
}

}  // namespace patchbay::queue
