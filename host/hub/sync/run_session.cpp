#include "hub/sync/run_session.hpp"

#include "platform/base/log.hpp"

#include <algorithm>
#include <set>

namespace patchbay::sync {
namespace {

bool is_fatal(const sdk::Error& error) {
  return error.error_class == sdk::ErrorClass::kAuth || error.error_class == sdk::ErrorClass::kTransient ||
         error.error_class == sdk::ErrorClass::kCancelled || error.error_class == sdk::ErrorClass::kRateLimited;
}

void append_page(sdk::Page& target, sdk::Page page) {
  std::move(page.records.begin(), page.records.end(), std::back_inserter(target.records));
  std::move(page.problems.begin(), page.problems.end(), std::back_inserter(target.problems));
  target.next_cursor = std::move(page.next_cursor);
  target.checkpoint = std::move(page.checkpoint);
  if (page.total_estimate) target.total_estimate = page.total_estimate;
}

}  // namespace

std::vector<const sdk::ResourceDescription*> order_resources(const sdk::Description& description,
                                                             const mapping::Mapping& mapping,
                                                             const std::vector<std::string>& wanted) {
  std::vector<const sdk::ResourceDescription*> ordered;
  std::set<std::string> placed, visiting;
  const std::function<void(const sdk::ResourceDescription&)> place = [&](const sdk::ResourceDescription& resource) {
    // A circle of dependencies is broken where it closes: references wait for their record anyway.
    if (placed.count(resource.name) != 0 || !visiting.insert(resource.name).second) return;
    for (const std::string& name : resource.depends_on) {
      if (const auto* before = description.find_resource(name)) place(*before);
    }
    placed.insert(resource.name);
    const bool asked = wanted.empty() || std::find(wanted.begin(), wanted.end(), resource.name) != wanted.end();
    if (asked && resource.list && mapping.find(resource.name) != nullptr) ordered.push_back(&resource);
  };
  for (const auto& resource : description.resources) place(resource);
  return ordered;
}

RunSession::RunSession(RunContext context)
    : context_(std::move(context)),
      caller_(context_.settings.calls,
              context_.run.request.mode == sdk::SyncMode::kFull ? sdk::Lane::kBackfill : sdk::Lane::kSync,
              context_.watch.token()),
      eta_({}, {}, std::chrono::steady_clock::now()) {}

sdk::Result<std::map<std::string, std::uint64_t>> RunSession::known_counts() {
  std::map<std::string, std::uint64_t> counts;
  if (context_.run.request.mode != sdk::SyncMode::kFull) return counts;
  PATCHBAY_TRY(
      context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(
            const auto rows,
            session.execute("select resource, count(*) as n from entity_links where connection_id = $1::uuid "
                            "and deleted_at is null group by resource",
                            {context_.connection.id}));
        for (std::size_t row = 0; row < rows.size(); ++row)
          counts[rows.text(row, "resource")] = static_cast<std::uint64_t>(rows.integer(row, "n"));
        return {};
      }));
  return counts;
}

sdk::Result<void> RunSession::check_running() const {
  if (context_.watch.stopped()) return sdk::cancelled_error("sync.stopped", "The run was stopped.");
  return {};
}

sdk::Result<void> RunSession::run() {
  const auto resources =
      order_resources(context_.description, context_.mapper.mapping(), context_.run.request.resources);
  progress_.resources_total = resources.size();
  std::vector<std::string> names;
  for (const auto* resource : resources) names.push_back(resource->name);
  PATCHBAY_ASSIGN(auto known, known_counts());
  eta_ = Eta(std::move(names), std::move(known), std::chrono::steady_clock::now());
  std::optional<sdk::Error> first_error;
  for (const auto* resource : resources) {
    progress_.resource = resource->name;
    progress_.total_estimate.reset();
    eta_.begin(resource->name);
    const auto synced = sync_resource(*resource);
    // A list that was abandoned half way has cancelled the run's token.
    if (!synced.ok() && (is_fatal(synced.error()) || context_.watch.token().cancelled())) return synced;
    if (!synced.ok()) {
      base::log_warning(
          "sync", "A resource could not be synchronised",
          {{"connection", context_.connection.id}, {"resource", resource->name}, {"code", synced.error().code}});
      if (!first_error) first_error = synced.error();
    }
    ++progress_.resources_done;
  }
  if (!context_.run.request.dry_run) {
    PATCHBAY_TRY(
        context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
          PATCHBAY_TRY(context_.applier.settle_references(session, context_.connection, context_.mapper));
          PATCHBAY_ASSIGN(const bool cancel, context_.runs.advance(session, context_.run.id, {}, progress_));
          static_cast<void>(cancel);  // all is done
          return {};
        }));
    context_.committed();
  }
  if (first_error) return *first_error;
  return {};
}

sdk::Result<void> RunSession::sync_resource(const sdk::ResourceDescription& resource) {
  PATCHBAY_TRY(check_running());
  PATCHBAY_ASSIGN(Listing listing, open(resource));
  if (listing.checkpoint.done) return {};
  if (!listing.checkpoint.listed) PATCHBAY_TRY(list_pages(listing));
  if (context_.run.request.dry_run) return {};
  if (listing.mode == sdk::SyncMode::kFull) PATCHBAY_TRY(apply_deferred(listing));
  if (listing.finds_vanished) PATCHBAY_TRY(remove_vanished(listing));
  // Only now: a run that ends before has not brought everything that stands before the new checkpoint.
  if (!listing.checkpoint.page_cursor.empty())
    listing.checkpoint.checkpoint = std::move(listing.checkpoint.page_cursor);
  listing.checkpoint.page_cursor.clear();
  listing.checkpoint.done = true;
  return store_checkpoint(listing);
}

sdk::Result<RunSession::Listing> RunSession::open(const sdk::ResourceDescription& resource) {
  Listing listing;
  listing.resource = &resource;
  PATCHBAY_TRY(
      context_.database.transaction(storage::Lane::kWorker, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(listing.checkpoint, load_checkpoint(session, context_.connection.id, resource.name));
        return {};
      }));
  Checkpoint& checkpoint = listing.checkpoint;
  if (checkpoint.run_id != context_.run.id || context_.run.request.dry_run) {
    checkpoint.run_id = context_.run.id;
    checkpoint.page_cursor.clear();
    checkpoint.listed = checkpoint.done = false;
  }
  const bool whole = context_.run.request.mode == sdk::SyncMode::kFull || !resource.incremental;
  listing.mode = whole || checkpoint.checkpoint.empty() ? sdk::SyncMode::kFull : sdk::SyncMode::kIncremental;
  listing.finds_vanished = whole && !context_.run.request.dry_run;
  return listing;
}

sdk::Result<void> RunSession::list_pages(Listing& listing) {
  sdk::ListRequest request;
  request.resource = listing.resource->name;
  request.mode = listing.mode;
  request.page_cursor = listing.checkpoint.page_cursor;
  request.checkpoint = listing.checkpoint.checkpoint;
  request.page_size = context_.settings.page_size;
  PageSource source(context_.client, std::move(request), caller_);
  while (true) {
    PATCHBAY_TRY(check_running());
    PATCHBAY_ASSIGN(std::optional<sdk::Page> page, source.next());
    if (!page) return {};
    std::uint64_t page_count = 1;
    while (page->records.size() < context_.settings.batch_records) {
      std::optional<sdk::Page> more = source.try_next();
      if (!more) break;
      append_page(*page, std::move(*more));
      ++page_count;
    }
    PATCHBAY_TRY(apply_pages(listing, std::move(*page), page_count));
  }
}

sdk::Result<void> RunSession::apply_pages(Listing& listing, sdk::Page page, std::uint64_t page_count) {
  Checkpoint& checkpoint = listing.checkpoint;
  checkpoint.listed = page.next_cursor.empty();
  checkpoint.page_cursor = checkpoint.listed ? page.checkpoint : page.next_cursor;
  progress_.pages += page_count;
  const std::uint64_t record_count = page.records.size() + page.problems.size();
  progress_.records += record_count;
  if (page.total_estimate) progress_.total_estimate = page.total_estimate;
  eta_.add(record_count, page.total_estimate);
  progress_.eta = eta_.estimate(std::chrono::steady_clock::now());
  std::vector<std::string> seen;
  if (listing.finds_vanished) {
    for (const auto& record : page.records) seen.push_back(record.external_id);
    for (const auto& problem : page.problems) seen.push_back(problem.external_id);
  }
  ApplyRequest request;
  request.connection = &context_.connection;
  request.mapper = &context_.mapper;
  request.run_id = context_.run.id;
  request.records = std::move(page.records);
  request.problems = std::move(page.problems);
  request.resource = listing.resource->name;
  request.defer_matches = listing.mode == sdk::SyncMode::kFull && !context_.run.request.dry_run;
  return commit_batch(request, &checkpoint, seen.empty() ? "" : storage::array_literal(seen));
}

}  // namespace patchbay::sync
