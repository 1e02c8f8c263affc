// The committing half of a run: one batch of records with its checkpoint and counts in one transaction, and what has
// vanished.
#include "hub/sync/deferred.hpp"
#include "hub/sync/run_session.hpp"
#include "platform/base/log.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

constexpr std::string_view kDryRun = "sync.dry_run";
/// Records that a full run did not see and that are looked up one by one.
constexpr int kVanishedMax = 100'000;
constexpr std::size_t kVanishedBatch = 100;

bool may_pass(const sdk::Error& error) {
  return error.error_class == sdk::ErrorClass::kTransient;
}

}  // namespace

sdk::Result<void> RunSession::commit_once(const ApplyRequest& request, const Checkpoint* checkpoint,
                                          const std::string& seen) {
  const bool dry = context_.run.request.dry_run;
  ApplyCounts counts;
  bool cancel = false;
  auto committed =
      context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(counts, context_.applier.apply(session, request));
        if (request.was_deferred)
          PATCHBAY_TRY(mark_deferred_applied(session, context_.run.id, request.resource, request.records));
        // A dry run does everything and takes all of it back.
        if (dry) return sdk::cancelled_error(std::string(kDryRun), "");
        if (checkpoint != nullptr) {
          PATCHBAY_TRY(save_checkpoint(session, context_.connection.id, request.resource, *checkpoint));
        }
        if (!seen.empty()) {
          PATCHBAY_TRY(session.execute(
              "insert into sync_seen_pages (run_id, resource, external_ids) values ($1::uuid, $2, $3::text[])",
              {context_.run.id, request.resource, seen}));
        }
        PATCHBAY_ASSIGN(cancel, context_.runs.advance(session, context_.run.id, counts, progress_));
        return {};
      });
  if (!committed.ok() && committed.error().code != kDryRun) return committed;
  if (dry) {
    PATCHBAY_TRY(
        context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_ASSIGN(cancel, context_.runs.advance(session, context_.run.id, counts, progress_));
          return {};
        }));
  }
  if (cancel) context_.watch.note_cancel_request();
  if (!dry && counts.created + counts.updated + counts.deleted + counts.merged > 0) context_.committed();
  return {};
}

sdk::Result<bool> RunSession::took_place(const std::string& resource, const Checkpoint* checkpoint) {
  if (checkpoint == nullptr) return false;  // applying the same records again changes nothing
  Checkpoint stored;
  PATCHBAY_TRY(
      context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(stored, load_checkpoint(session, context_.connection.id, resource));
        return {};
      }));
  return stored.run_id == checkpoint->run_id && stored.page_cursor == checkpoint->page_cursor &&
         stored.listed == checkpoint->listed;
}

sdk::Result<void> RunSession::commit_batch(const ApplyRequest& request, const Checkpoint* checkpoint,
                                           const std::string& seen) {
  base::StopSignal signal;
  for (std::uint32_t tries = 1;; ++tries) {
    PATCHBAY_TRY(check_running());
    auto committed = commit_once(request, checkpoint, seen);
    if (committed.ok() || !may_pass(committed.error()) || tries >= context_.settings.apply_tries_max) return committed;
    if (committed.error().code == "storage.in_doubt") {
      PATCHBAY_ASSIGN(const bool done, took_place(request.resource, checkpoint));
      if (done) return {};
    }
    signal.wait_for(
        committed.error().retry_after.value_or(context_.settings.calls.backoff.delay(tries, base::random_fraction())));
  }
}

sdk::Result<void> RunSession::store_checkpoint(const Listing& listing) {
  return context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) {
    return save_checkpoint(session, context_.connection.id, listing.resource->name, listing.checkpoint);
  });
}

sdk::Result<void> RunSession::apply_deferred(const Listing& listing) {
  while (true) {
    PATCHBAY_TRY(check_running());
    DeferredBatch batch;
    PATCHBAY_TRY(
        context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_ASSIGN(
              batch, load_deferred(session, context_.run.id, listing.resource->name, context_.settings.batch_records));
          return {};
        }));
    if (batch.records.empty()) return {};
    ApplyRequest request;
    request.connection = &context_.connection;
    request.mapper = &context_.mapper;
    request.run_id = context_.run.id;
    request.records = std::move(batch.records);
    request.resource = listing.resource->name;
    request.contested = std::move(batch.contested);
    request.was_deferred = true;
    // Applied and marked as such together: the records that were set aside are left when this is lost.
    PATCHBAY_TRY(commit_batch(request, nullptr, ""));
  }
}

sdk::Result<std::vector<std::string>> RunSession::find_vanished(const Listing& listing) {
  // What a webhook brought while the run was under way is not older than the run.
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  context_.database.query(
                      storage::Lane::kWorker,
                      "with seen as materialized (select unnest(external_ids) as external_id from sync_seen_pages"
                      " where run_id = $1::uuid and resource = $3)"
                      " select l.external_id from entity_links l where l.connection_id = $2::uuid"
                      " and l.resource = $3 and l.deleted_at is null"
                      " and l.last_seen_at < (select started_at from sync_runs where id = $1::uuid)"
                      " and not exists (select 1 from seen s where s.external_id = l.external_id)"
                      " order by l.external_id limit $4::int",
                      {context_.run.id, context_.connection.id, listing.resource->name, std::to_string(kVanishedMax)}));
  std::vector<std::string> external_ids;
  for (std::size_t row = 0; row < rows.size(); ++row) external_ids.push_back(rows.text(row, "external_id"));
  return external_ids;
}

sdk::Result<sdk::Record> RunSession::look_up(const sdk::ResourceDescription& resource, const std::string& external_id) {
  sdk::Record gone;
  gone.resource = resource.name;
  gone.external_id = external_id;
  gone.deleted = true;
  if (!resource.get) return gone;
  auto found = caller_(
      [&](const sdk::CallContext& context) { return context_.client.get(context, resource.name, external_id); });
  if (!found.ok() && found.error().error_class == sdk::ErrorClass::kNotFound) return gone;
  return found;
}

sdk::Result<void> RunSession::remove_vanished(const Listing& listing) {
  PATCHBAY_ASSIGN(const std::vector<std::string> vanished, find_vanished(listing));
  std::size_t untold = 0;
  for (std::size_t start = 0; start < vanished.size(); start += kVanishedBatch) {
    ApplyRequest request;
    request.connection = &context_.connection;
    request.mapper = &context_.mapper;
    request.run_id = context_.run.id;
    request.resource = listing.resource->name;
    for (std::size_t at = start; at < std::min(start + kVanishedBatch, vanished.size()); ++at) {
      PATCHBAY_TRY(check_running());
      auto record = look_up(*listing.resource, vanished[at]);
      // The service will not say (a channel that the app was removed from): then it stays as it was last seen.
      if (!record.ok() && record.error().error_class == sdk::ErrorClass::kPermanent) {
        ++untold;
        continue;
      }
      if (!record.ok()) return std::move(record).error();
      request.records.push_back(std::move(*record));
    }
    PATCHBAY_TRY(commit_batch(request, nullptr, ""));
  }
  if (untold > 0) {
    base::log_warning(
        "sync", "The service does not say whether records are still there",
        {{"connection", context_.connection.id}, {"resource", listing.resource->name}, {"count", untold}});
  }
  return {};
}

}  // namespace patchbay::sync
