#include "hub/webhooks/handler.hpp"

#include "hub/sync/runner.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/codec.hpp>

#include <algorithm>
#include <set>

namespace patchbay::webhooks {
namespace {

constexpr std::string_view kRefusedRecord = "webhooks.record_refused";

queue::WorkOutcome failed(const sdk::Error& error) {
  return {queue::WorkOutcome::Kind::kFailed, error, {}};
}

/// Why the sync log says that a record of this transaction failed.
std::string refusal_text(storage::Session& session, const std::string& connection_id, const sdk::Record& record) {
  const auto rows = session.execute(
      "select error_message from sync_log where connection_id = $1::uuid and resource_id = $2 and status = 'failed' "
      "order by id desc limit 1",
      {connection_id, record.external_id});
  if (!rows.ok() || rows->empty()) return "The record could not be applied.";
  return rows->text(0, "error_message");
}

}  // namespace

WebhookHandler::WebhookHandler(storage::Database& database, connections::ConnectionStore& connections,
                               connections::ClientFactory& clients, const plugins::PluginCatalog& plugins,
                               const mapping::MappingCatalog& mappings, const resources::Registry& registry,
                               mapping::MappingContext mapping_context, const sync::PageApplier& applier,
                               events::Wake* wake, const sync::RunStore& runs, HandlerSettings settings)
    : database_(database),
      connections_(connections),
      clients_(clients),
      plugins_(plugins),
      mappings_(mappings),
      registry_(registry),
      mapping_context_(std::move(mapping_context)),
      applier_(applier),
      wake_(wake),
      runs_(runs),
      settings_(settings) {}

std::vector<queue::WorkOutcome> WebhookHandler::handle(const std::vector<queue::WorkItem>& items,
                                                       queue::WorkClaim& claim) {
  std::vector<queue::WorkOutcome> outcomes(items.size());
  Batch batch;
  batch.connections = connections_.verification();
  if (!batch.connections) {
    const sdk::Error starting = sdk::transient_error("webhooks.starting", "The connections are not loaded yet.");
    std::fill(outcomes.begin(), outcomes.end(),
              queue::WorkOutcome{queue::WorkOutcome::Kind::kPostponed, starting, std::chrono::milliseconds(500)});
    return outcomes;
  }
  batch.tasks.reserve(items.size());
  for (const queue::WorkItem& item : items) batch.tasks.push_back(prepare(item, batch));
  fetch_all(batch, claim);
  std::vector<const Task*> ready;
  for (std::size_t index = 0; index < items.size(); ++index) {
    const Task& task = batch.tasks[index];
    if (task.error) {
      outcomes[index] = failed(*task.error);
    } else {
      ready.push_back(&task);
    }
  }
  if (ready.empty()) return outcomes;
  const auto applied = apply(batch, ready, claim);
  const bool alone = !applied.ok() && applied.error().error_class != sdk::ErrorClass::kTransient && ready.size() > 1 &&
                     applied.error().code != "queue.claim_lost";
  for (const Task* task : ready) {
    // One bad record must not take the others along: then each is applied by itself.
    const auto result = alone ? apply(batch, {task}, claim) : applied;
    if (!result.ok()) outcomes[static_cast<std::size_t>(task - batch.tasks.data())] = failed(result.error());
  }
  if (wake_ != nullptr) wake_->wake();
  return outcomes;
}

WebhookHandler::Task WebhookHandler::prepare(const queue::WorkItem& item, Batch& batch) const {
  Task task;
  task.item = &item;
  const auto connection = find_connection(item.connection_id, batch);
  if (!connection.ok()) {
    task.error = connection.error();
    return task;
  }
  if (*connection == nullptr) return task;  // removed since: nothing to apply it to
  task.connection = *connection;
  task.plugin = plugins_.find(task.connection->connector);
  if (task.plugin == nullptr) {
    sdk::Error missing = sdk::transient_error("webhooks.connector_not_loaded", "The connector is not loaded.");
    missing.retry_after = std::chrono::minutes(1);
    task.error = std::move(missing);
    return task;
  }
  const auto events = parse(item, *task.plugin);
  if (!events.ok()) {
    task.error = events.error();
    return task;
  }
  for (const sdk::WebhookEvent& event : *events) plan(event, task, batch);
  return task;
}

/// The snapshot may be older than the connection, where its news could not be told: only PostgreSQL knows that there is
/// none.
sdk::Result<const connections::Connection*> WebhookHandler::find_connection(const std::string& id, Batch& batch) const {
  const auto known = std::find_if(batch.connections->begin(), batch.connections->end(),
                                  [&](const auto& candidate) { return candidate.id == id; });
  if (known != batch.connections->end()) return &*known;
  if (const auto asked = batch.unheard_of.find(id); asked != batch.unheard_of.end()) return &asked->second;
  auto found = connections_.get(id);
  if (found.ok()) return &batch.unheard_of.emplace(id, std::move(*found)).first->second;
  if (found.error().error_class == sdk::ErrorClass::kNotFound) return nullptr;
  return std::move(found).error();
}

sdk::Result<std::vector<sdk::WebhookEvent>> WebhookHandler::parse(const queue::WorkItem& item,
                                                                  const plugins::LoadedPlugin& plugin) const {
  if (const auto* event = item.payload.if_contains("event")) {
    PATCHBAY_ASSIGN(sdk::WebhookEvent decoded, sdk::decode_webhook_event(*event));
    return std::vector<sdk::WebhookEvent>{std::move(decoded)};
  }
  sdk::WebhookRequest request;
  for (const auto& [name, value] : item.headers) {
    if (value.is_string()) request.headers.emplace_back(name, std::string(value.get_string()));
  }
  request.body = item.body;
  request.received_at = item.created_at;
  return plugin.plugin->parse_webhook(request);
}

void WebhookHandler::plan(const sdk::WebhookEvent& event, Task& task, Batch& batch) const {
  const connections::Connection& connection = *task.connection;
  const bool foreign =
      !event.account_id.empty() && !connection.account_id.empty() && event.account_id != connection.account_id;
  if (foreign) return;
  if (event.disconnected) {
    task.disconnects = true;
    task.result = "disconnected";
    return;
  }
  auto& mapping = batch.mappings[connection.connector];
  if (!mapping) mapping = mappings_.find(connection.connector);
  if (event.resync && mapping && mapping->find(event.resource) != nullptr) {
    task.resyncs.push_back(event.resource);
    task.result = "resync";
    return;
  }
  if (event.command) task.result = "command";
  if (event.resource.empty() || event.external_id.empty() || !mapping || mapping->find(event.resource) == nullptr)
    return;
  task.result = "applied";
  const bool trust_snapshot =
      connection.settings.option("fetchLatest") == "false" || task.plugin->description.webhooks.ordered;
  if (event.deleted || (event.snapshot && trust_snapshot)) {
    sdk::Record record = event.snapshot.value_or(sdk::Record{});
    record.resource = event.resource;
    record.external_id = event.external_id;
    record.deleted = record.deleted || event.deleted;
    // The applier leaves a newer state alone by this time. A deletion is the last state of all, and events have times
    // of a second: it counts from now on.
    if (!record.updated_at) record.updated_at = event.occurred_at;
    if (record.deleted) {
      const auto now = std::chrono::system_clock::now();
      record.updated_at = std::max(record.updated_at.value_or(now), now);
    }
    task.snapshots.push_back(std::move(record));
    return;
  }
  task.fetches.emplace_back(connection.id, event.resource, event.external_id);
}

/// Outside any transaction, each record once however many events of the batch are about it.
void WebhookHandler::fetch_all(Batch& batch, queue::WorkClaim& claim) const {
  std::map<std::string, sdk::Result<std::unique_ptr<connections::ClientLease>>> leases;
  for (Task& task : batch.tasks) {
    for (const RecordKey& key : task.fetches) {
      if (task.error) break;
      auto lease = leases.find(task.connection->id);
      if (lease == leases.end()) lease = leases.emplace(task.connection->id, clients_.client(*task.connection)).first;
      if (!lease->second.ok()) {
        task.error = lease->second.error();
        break;
      }
      auto found = batch.fetched.find(key);
      if (found == batch.fetched.end()) {
        found = batch.fetched.emplace(key, fetch((*lease->second)->client(), key, claim)).first;
      }
      if (!found->second.ok()) task.error = found->second.error();
    }
  }
}

sdk::Result<sdk::Record> WebhookHandler::fetch(sdk::ServiceClient& client, const RecordKey& key,
                                               const queue::WorkClaim& claim) const {
  sdk::CallContext context;
  context.deadline = std::chrono::steady_clock::now() + settings_.call_timeout;
  context.cancel = claim.cancel();
  context.lane = sdk::Lane::kWebhook;
  PATCHBAY_TRY(context.check());
  const auto asked_at = std::chrono::system_clock::now();
  auto record = client.get(context, std::get<1>(key), std::get<2>(key));
  if (!record.ok() && record.error().error_class == sdk::ErrorClass::kNotFound) {
    sdk::Record gone;
    gone.resource = std::get<1>(key);
    gone.external_id = std::get<2>(key);
    gone.deleted = true;
    gone.updated_at = asked_at;
    return gone;
  }
  if (record.ok() && !record->updated_at) record->updated_at = asked_at;
  return record;
}

sdk::Result<void> WebhookHandler::apply(const Batch& batch, const std::vector<const Task*>& tasks,
                                        queue::WorkClaim& claim) const {
  std::vector<sync::RunStore::Queued> queued;
  PATCHBAY_TRY(database_.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
    queued.clear();
    PATCHBAY_TRY(apply_records(session, batch, tasks));
    PATCHBAY_TRY(queue_runs(session, tasks, queued));
    std::map<std::string, std::vector<std::int64_t>> by_result;
    for (const Task* task : tasks) {
      if (task->disconnects) {
        PATCHBAY_TRY(connections_.set_state(session, task->connection->id, "disconnected",
                                            "The owner took the authorisation away at the service."));
      }
      by_result[task->result].push_back(task->item->id);
    }
    for (const auto& [result, ids] : by_result) PATCHBAY_TRY(claim.complete(session, ids, result));
    return {};
  }));
  for (const auto& run : queued) runs_.announce(run);
  settle(batch, tasks);
  return {};
}

sdk::Result<void> WebhookHandler::queue_runs(storage::Session& session, const std::vector<const Task*>& tasks,
                                             std::vector<sync::RunStore::Queued>& queued) const {
  std::set<std::pair<std::string, std::string>> wanted;  // in order, as every batch locks
  for (const Task* task : tasks) {
    if (task->connection == nullptr || task->connection->state != "connected") continue;
    for (const std::string& resource : task->resyncs) wanted.emplace(task->connection->id, resource);
  }
  for (const auto& [connection_id, resource] : wanted) {
    PATCHBAY_TRY(session.execute("select pg_advisory_xact_lock($1)",
                                 {std::to_string(base::lock_hash("resync:" + connection_id))}));
    // A run under way may have passed the change already; one that has not begun will see it.
    PATCHBAY_ASSIGN(
        const auto waiting,
        session.execute("select 1 from sync_runs where connection_id = $1::uuid and state = 'queued' and not "
                        "dry_run and (resources = '{}' or $2 = any(resources)) limit 1",
                        {connection_id, resource}));
    if (!waiting.empty()) continue;
    sync::RunRequest request;
    request.connection_id = connection_id;
    request.resources = {resource};
    request.trigger = "webhook";
    auto run = runs_.enqueue(session, request);
    if (!run.ok() && run.error().code == "sync.too_many_runs") {
      sdk::Error later = sdk::transient_error("webhooks.runs_wait", "Too many runs of the connection wait.");
      later.retry_after = std::chrono::seconds(30);
      return later;
    }
    if (!run.ok()) return std::move(run).error();
    if (run->has_value()) queued.push_back(std::move(**run));
  }
  return {};
}

sdk::Result<void> WebhookHandler::for_each_request(
    const Batch& batch, const std::vector<const Task*>& tasks,
    const std::function<sdk::Result<void>(const sync::ApplyRequest&)>& act) const {
  std::map<std::string, std::vector<const Task*>> by_connection;  // in order of ids, as every batch writes
  for (const Task* task : tasks) {
    if (task->result == "applied") by_connection[task->connection->id].push_back(task);
  }
  for (const auto& [id, group] : by_connection) {
    const connections::Connection& connection = *group.front()->connection;
    const mapping::Mapper mapper(*batch.mappings.at(connection.connector), registry_,
                                 sync::context_for(mapping_context_, connection));
    sync::ApplyRequest request;
    request.connection = &connection;
    request.mapper = &mapper;
    for (const Task* task : group) {
      auto records = records_of(batch, *task);
      std::move(records.begin(), records.end(), std::back_inserter(request.records));
    }
    if (!request.records.empty()) PATCHBAY_TRY(act(request));
  }
  return {};
}

sdk::Result<void> WebhookHandler::apply_records(storage::Session& session, const Batch& batch,
                                                const std::vector<const Task*>& tasks) const {
  return for_each_request(batch, tasks, [&](const sync::ApplyRequest& request) -> sdk::Result<void> {
    PATCHBAY_ASSIGN(const sync::ApplyCounts counts, applier_.apply(session, request));
    if (counts.failed == 0) return {};
    return sdk::invalid_error(std::string(kRefusedRecord),
                              refusal_text(session, request.connection->id, request.records.front()));
  });
}

/// Another batch may have applied the other side of a reference at the same moment, unseen by this one.
void WebhookHandler::settle(const Batch& batch, const std::vector<const Task*>& tasks) const {
  const auto settled = for_each_request(batch, tasks, [&](const sync::ApplyRequest& request) {
    return database_.transaction(storage::Lane::kWorker,
                                 [&](storage::Session& session) { return applier_.settle_met(session, request); });
  });
  if (!settled.ok())
    base::log_warning("webhooks", "References wait for the next run", {{"code", settled.error().code}});
}

std::vector<sdk::Record> WebhookHandler::records_of(const Batch& batch, const Task& task) const {
  std::vector<sdk::Record> records = task.snapshots;
  for (const RecordKey& key : task.fetches) records.push_back(*batch.fetched.at(key));
  return records;
}

}  // namespace patchbay::webhooks
