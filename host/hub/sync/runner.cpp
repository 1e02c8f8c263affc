#include "hub/sync/runner.hpp"

#include "platform/base/log.hpp"

namespace patchbay::sync {
namespace {

queue::WorkOutcome failed(sdk::Error error) {
  return {queue::WorkOutcome::Kind::kFailed, std::move(error), {}};
}

queue::WorkOutcome outcome_of(sdk::Result<void> result) {
  if (result.ok()) return {};
  return failed(std::move(result).error());
}

bool is_over(const Run& run) {
  return run.state != "queued" && run.state != "running";
}

}  // namespace

mapping::MappingContext context_for(const mapping::MappingContext& business,
                                    const connections::Connection& connection) {
  mapping::MappingContext context = business;
  const std::string currency = connection.settings.option("currency");
  if (!currency.empty()) context.default_currency = currency;
  return context;
}

std::vector<queue::WorkOutcome> SyncRunner::handle(const std::vector<queue::WorkItem>& items, queue::WorkClaim& claim) {
  std::vector<queue::WorkOutcome> outcomes;
  for (const auto& item : items) outcomes.push_back(run_item(item, claim));
  return outcomes;
}

queue::WorkOutcome SyncRunner::run_item(const queue::WorkItem& item, queue::WorkClaim& claim) {
  const auto* id = item.payload.if_contains("runId");
  const std::string run_id = id == nullptr ? "" : sdk::scalar_text(*id).value_or("");
  std::optional<Run> run;
  const auto started =
      wiring_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(run, wiring_.runs.find(session, run_id));
        if (!run || is_over(*run)) return claim.complete(session, {item.id}, "ignored");
        return wiring_.runs.start(session, run_id);
      });
  if (!started.ok()) return failed(started.error());
  if (!run || is_over(*run)) return {};
  RunWatch watch(wiring_.database, wiring_.runs, run->id, claim);
  if (run->cancel_requested) watch.note_cancel_request();
  const auto executed = execute(*run, watch);
  // Whoever holds the lease now, or starts next, goes on at the checkpoint.
  if (watch.interrupted()) return {queue::WorkOutcome::Kind::kPostponed, {}, std::chrono::milliseconds(0)};
  if (watch.cancel_requested()) return outcome_of(finish(item, claim, *run, "cancelled", nullptr));
  if (executed.ok()) return outcome_of(finish(item, claim, *run, "succeeded", nullptr));
  const sdk::Error& error = executed.error();
  const bool may_pass =
      error.error_class == sdk::ErrorClass::kTransient || error.error_class == sdk::ErrorClass::kRateLimited;
  if (may_pass && item.attempts < wiring_.attempts_max) return failed(error);
  return outcome_of(finish(item, claim, *run, "failed", &error));
}

sdk::Result<void> SyncRunner::execute(const Run& run, RunWatch& watch) {
  PATCHBAY_ASSIGN(const connections::Connection connection, wiring_.connections.get(run.request.connection_id));
  const plugins::LoadedPlugin* plugin = wiring_.plugins.find(connection.connector);
  if (plugin == nullptr) {
    return sdk::permanent_error("sync.no_connector", "The connector " + connection.connector + " is not loaded.");
  }
  const auto mapping = wiring_.mappings.find(connection.connector);
  if (mapping == nullptr) {
    return sdk::permanent_error("sync.no_mapping", "The connector " + connection.connector + " has no mapping.");
  }
  const mapping::Mapper mapper(*mapping, wiring_.registry, context_for(wiring_.context, connection));
  PATCHBAY_ASSIGN(const auto lease, wiring_.clients.client(connection));
  RunSession session({wiring_.database, wiring_.applier, wiring_.runs, wiring_.settings, run, connection,
                      plugin->description, mapper, lease->client(), watch, [this] {
                        if (wiring_.wake != nullptr) wiring_.wake->wake();
                      }});
  auto result = session.run();
  store_waits(run.id, session.waits(), lease->rate_limit_waits());
  return result;
}

void SyncRunner::store_waits(const std::string& run_id, const CallWaits& waits,
                             const limits::RateLimitWaits& budget_waits) {
  const std::uint64_t count = waits.count + budget_waits.count;
  if (count == 0) return;
  const auto stored = wiring_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) {
    return wiring_.runs.store_waits(session, run_id, count, waits.total + budget_waits.total);
  });
  if (!stored.ok())
    base::log_warning("sync", "The waits of a run were not stored", {{"run", run_id}, {"code", stored.error().code}});
}

sdk::Result<void> SyncRunner::finish(const queue::WorkItem& item, queue::WorkClaim& claim, const Run& run,
                                     const std::string& state, const sdk::Error* error) {
  sdk::json::object fields = {{"run", run.id}, {"connection", run.request.connection_id}, {"state", state}};
  if (error != nullptr) fields["code"] = error->code;
  base::log_info("sync", "Run ended", fields);
  return wiring_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    PATCHBAY_TRY(wiring_.runs.finish(session, run, state, error));
    if (error != nullptr && error->error_class == sdk::ErrorClass::kAuth) {
      PATCHBAY_TRY(
          wiring_.connections.set_state(session, run.request.connection_id, "needs_reconnect", error->message));
    }
    return claim.complete(session, {item.id}, state);
  });
}

}  // namespace patchbay::sync
