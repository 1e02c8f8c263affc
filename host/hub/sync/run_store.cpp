#include "hub/sync/run_store.hpp"

#include "platform/base/ids.hpp"

namespace patchbay::sync {
namespace {

constexpr std::int64_t kWaitingRunsMax = 10;

storage::Param or_null(const std::string& text) {
  return text.empty() ? storage::Param() : storage::Param(text);
}

}  // namespace

sdk::json::object counts_json(const ApplyCounts& counts) {
  return {{"created", counts.created}, {"updated", counts.updated}, {"unchanged", counts.unchanged},
          {"deleted", counts.deleted}, {"failed", counts.failed},   {"merged", counts.merged}};
}

sdk::Result<std::optional<RunStore::Queued>> RunStore::enqueue(storage::Session& session,
                                                               const RunRequest& request) const {
  PATCHBAY_ASSIGN(
      const storage::Rows waiting,
      session.execute("select count(*) as n from sync_runs where connection_id = $1::uuid and state = 'queued'",
                      {request.connection_id}));
  if (waiting.integer(0, "n") >= kWaitingRunsMax) {
    return sdk::conflict_error("sync.too_many_runs", "This connection already has many runs waiting.");
  }
  Queued queued;
  queued.run_id = base::new_uuid();
  PATCHBAY_ASSIGN(
      const storage::Rows inserted,
      session.execute(
          "insert into sync_runs (id, connection_id, mode, resources, dry_run, trigger, tick, created_by)"
          " values ($1::uuid, $2::uuid, $3, $4::text[], $5::bool, $6, $7::timestamptz, $8::uuid)"
          " on conflict (connection_id, tick) where tick is not null do nothing returning id",
          {queued.run_id, request.connection_id, request.mode == sdk::SyncMode::kFull ? "full" : "incremental",
           storage::array_literal(request.resources), request.dry_run ? "t" : "f", request.trigger,
           or_null(request.tick), or_null(request.created_by)}));
  if (inserted.empty()) return std::optional<Queued>();
  queue::NewWork work;
  work.kind = "sync";
  work.connection_id = request.connection_id;
  work.lane_key = "sync:" + request.connection_id;
  work.dedupe_key = queued.run_id;
  work.payload = {{"runId", queued.run_id}};
  PATCHBAY_ASSIGN(queued.work_ids, queue_.enqueue(session, {work}));
  return std::optional<Queued>(std::move(queued));
}

sdk::Result<std::optional<RunStore::Queued>> RunStore::enqueue_first(storage::Session& session,
                                                                     const std::string& connection_id,
                                                                     std::chrono::seconds default_interval) const {
  PATCHBAY_ASSIGN(const storage::Rows fresh,
                  session.execute("update connections c set next_sync_at = now() + make_interval(secs =>"
                                  " coalesce(sync_interval_seconds, $2::int)) where id = $1::uuid and not exists"
                                  " (select 1 from sync_runs r where r.connection_id = c.id) returning id",
                                  {connection_id, std::to_string(default_interval.count())}));
  if (fresh.empty()) return std::optional<Queued>();
  RunRequest request;
  request.connection_id = connection_id;
  request.trigger = "connect";
  return enqueue(session, request);
}

sdk::Result<std::optional<Run>> RunStore::find(storage::Session& session, const std::string& run_id) const {
  if (!base::is_uuid(run_id)) return std::optional<Run>();
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(
          "select connection_id, mode, to_json(resources)::text as resources, dry_run, trigger, state, started_at,"
          " cancel_requested from sync_runs where id = $1::uuid",
          {run_id}));
  if (rows.empty()) return std::optional<Run>();
  Run run;
  run.id = run_id;
  run.request.connection_id = rows.text(0, "connection_id");
  run.request.mode = rows.text(0, "mode") == "full" ? sdk::SyncMode::kFull : sdk::SyncMode::kIncremental;
  run.request.dry_run = rows.boolean(0, "dry_run");
  run.request.trigger = rows.text(0, "trigger");
  PATCHBAY_ASSIGN(const sdk::json::value resources, sdk::parse_json(rows.text(0, "resources")));
  if (const auto* list = resources.if_array()) {
    for (const auto& name : *list) run.request.resources.push_back(sdk::scalar_text(name).value_or(""));
  }
  run.state = rows.text(0, "state");
  run.started_at = rows.text(0, "started_at");
  run.cancel_requested = rows.boolean(0, "cancel_requested");
  return std::optional<Run>(std::move(run));
}

sdk::Result<void> RunStore::start(storage::Session& session, const std::string& run_id) const {
  PATCHBAY_TRY(
      session.execute("update sync_runs set state = 'running', started_at = coalesce(started_at, now()),"
                      // A dry run leaves nothing behind, so it begins anew.
                      " counts = case when dry_run then '{}' else counts end where id = $1::uuid"
                      " and state in ('queued', 'running')",
                      {run_id}));
  return {};
}

sdk::Result<bool> RunStore::advance(storage::Session& session, const std::string& run_id, const ApplyCounts& added,
                                    const RunProgress& progress) const {
  sdk::json::object shown = {{"resource", progress.resource},
                             {"resourcesDone", progress.resources_done},
                             {"resourcesTotal", progress.resources_total},
                             {"pages", progress.pages},
                             {"records", progress.records}};
  if (progress.total_estimate) shown["totalEstimate"] = *progress.total_estimate;
  if (progress.eta) {
    shown["etaSeconds"] = progress.eta->left.count();
    shown["etaOfAll"] = progress.eta->whole;
  }
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute("update sync_runs r set progress = $2::jsonb, counts = (select jsonb_object_agg(a.key,"
                      " coalesce((r.counts->>a.key)::bigint, 0) + a.value::bigint) from jsonb_each_text($3::jsonb) a)"
                      " where id = $1::uuid returning cancel_requested",
                      {run_id, sdk::json::serialize(shown), sdk::json::serialize(counts_json(added))}));
  return !rows.empty() && rows.boolean(0, "cancel_requested");
}

sdk::Result<void> RunStore::store_waits(storage::Session& session, const std::string& run_id, std::uint64_t count,
                                        std::chrono::milliseconds total) const {
  PATCHBAY_TRY(
      session.execute("update sync_runs set rate_limit_waits_count = rate_limit_waits_count + $2::int,"
                      " rate_limit_wait_ms = rate_limit_wait_ms + $3::bigint where id = $1::uuid",
                      {run_id, std::to_string(count), std::to_string(total.count())}));
  return {};
}

sdk::Result<void> RunStore::finish(storage::Session& session, const Run& run, const std::string& state,
                                   const sdk::Error* error) const {
  storage::Param error_json;
  if (error != nullptr) {
    error_json = sdk::json::serialize(sdk::json::object{
        {"class", sdk::error_class_name(error->error_class)}, {"code", error->code}, {"message", error->message}});
  }
  PATCHBAY_TRY(
      session.execute("update sync_runs set state = $2, error = $3::jsonb, started_at = coalesce(started_at, now()),"
                      " finished_at = now() where id = $1::uuid and finished_at is null",
                      {run.id, state, error_json}));
  PATCHBAY_TRY(session.execute("delete from sync_seen_pages where run_id = $1::uuid", {run.id}));
  PATCHBAY_TRY(session.execute("delete from sync_deferred_records where run_id = $1::uuid", {run.id}));
  if (state == "succeeded" && !run.request.dry_run) {
    PATCHBAY_TRY(session.execute("update connections set last_sync_at = now() where id = $1::uuid",
                                 {run.request.connection_id}));
  }
  return {};
}

sdk::Result<std::string> RunStore::cancel(storage::Session& session, const std::string& run_id) const {
  if (!base::is_uuid(run_id)) return sdk::not_found_error("sync.run_not_found", "There is no such run.");
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  session.execute("update sync_runs set cancel_requested = true,"
                                  " state = case when state = 'queued' then 'cancelled' else state end,"
                                  " finished_at = case when state = 'queued' then now() end"
                                  " where id = $1::uuid and state in ('queued', 'running') returning state",
                                  {run_id}));
  if (!rows.empty()) return rows.text(0, "state");
  PATCHBAY_ASSIGN(const storage::Rows known,
                  session.execute("select state from sync_runs where id = $1::uuid", {run_id}));
  if (known.empty()) return sdk::not_found_error("sync.run_not_found", "There is no such run.");
  return sdk::conflict_error("sync.run_over", "The run is over: " + known.text(0, "state") + ".");
}

}  // namespace patchbay::sync
