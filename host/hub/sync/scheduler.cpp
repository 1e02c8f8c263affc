#include "hub/sync/scheduler.hpp"

#include "platform/base/log.hpp"

namespace patchbay::sync {
namespace {

constexpr int kDuePerLook = 20;

}  // namespace

Scheduler::Scheduler(storage::Database& database, const RunStore& runs, SchedulerSettings settings)
    : database_(database), runs_(runs), settings_(settings) {}

Scheduler::~Scheduler() {
  stop();
}

void Scheduler::start() {
  thread_ = std::thread([this] { run(); });
}

void Scheduler::stop() {
  signal_.stop();
  if (thread_.joinable()) thread_.join();
}

void Scheduler::run() {
  bool failing = false;
  while (signal_.wait_for(settings_.look)) {
    const auto looked = look();
    // The first failure and the recovery are worth a line, not each look between.
    if (looked.ok() == failing) {
      failing = !looked.ok();
      if (failing)
        base::log_warning("sync", "The scheduler cannot look for due connections", {{"code", looked.error().code}});
    }
  }
}

sdk::Result<std::size_t> Scheduler::look() {
  std::vector<RunStore::Queued> started;
  PATCHBAY_TRY(database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    started.clear();
    // The tick is the time at which the connection was due: the row is locked here, and unique with the connection
    // anyway.
    PATCHBAY_ASSIGN(
        const storage::Rows due,
        session.execute(
            "with due as (select id, coalesce(next_sync_at, now()) as tick, coalesce(sync_interval_seconds, $1::int)"
            " as interval_seconds from connections where deleted_at is null and state = 'connected'"
            " and coalesce(next_sync_at, '-infinity') <= now() and coalesce(sync_interval_seconds, $1::int) > 0"
            " order by next_sync_at nulls first limit $2::int for update skip locked)"
            " update connections c set next_sync_at = now() + make_interval(secs => due.interval_seconds) from due"
            " where c.id = due.id returning c.id, due.tick, exists (select 1 from sync_runs r"
            " where r.connection_id = c.id and r.state in ('queued', 'running')) as busy",
            {std::to_string(settings_.default_interval.count()), std::to_string(kDuePerLook)}));
    for (std::size_t row = 0; row < due.size(); ++row) {
      if (due.boolean(row, "busy")) continue;
      RunRequest request;
      request.connection_id = due.text(row, "id");
      request.trigger = "schedule";
      request.tick = due.text(row, "tick");
      PATCHBAY_ASSIGN(const auto queued, runs_.enqueue(session, request));
      if (queued) started.push_back(*queued);
    }
    return {};
  }));
  for (const auto& queued : started) runs_.announce(queued);
  return started.size();
}

}  // namespace patchbay::sync
