#include "hub/sync/page_applier.hpp"

#include "hub/sync/page_run.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

/// A second transaction can be faster with a link once; a third time in a row is not chance.
constexpr int kPassesMax = 3;

using RecordList = std::vector<const sdk::Record*>;

/// Whether an error lies in the data, so that the page is applied without the record that it is about.
bool is_of_data(const sdk::Error& error) {
  return error.code.rfind("storage.", 0) == 0 && error.error_class != sdk::ErrorClass::kTransient &&
         error.error_class != sdk::ErrorClass::kCancelled;
}

/// One resource of a page, isolated by savepoints: what the database refuses is halved until the bad record stands
/// alone.
class ResourceApply {
 public:
  ResourceApply(const ApplyTools& tools, storage::Session& session, const ApplyRequest& request,
                const mapping::ResourceMapping& rules)
      : tools_(tools), session_(session), request_(request), rules_(rules) {}

  sdk::Result<ApplyCounts> apply(const RecordList& records) {
    PageRun page(tools_, session_, request_, rules_);
    PATCHBAY_TRY(page.prepare(records));
    if (!page.has_work()) return page.counts();
    PATCHBAY_TRY(session_.execute("savepoint sync_page"));
    const auto written = page.write();
    if (written.ok()) {
      PATCHBAY_TRY(session_.execute("release savepoint sync_page"));
      return with_lost(page, records);
    }
    if (!is_of_data(written.error())) return written.error();
    PATCHBAY_TRY(session_.execute("rollback to savepoint sync_page"));
    PATCHBAY_TRY(session_.execute("release savepoint sync_page"));
    if (records.size() > 1) return apply_halves(records);
    return log_refused(*records.front(), written.error());
  }

 private:
  sdk::Result<ApplyCounts> apply_halves(const RecordList& records) {
    const auto middle = records.begin() + static_cast<std::ptrdiff_t>(records.size() / 2);
    PATCHBAY_ASSIGN(ApplyCounts counts, apply(RecordList(records.begin(), middle)));
    PATCHBAY_ASSIGN(const ApplyCounts second, apply(RecordList(middle, records.end())));
    return counts += second;
  }

  /// Records whose link another transaction made meanwhile are applied as changes of known ones.
  sdk::Result<ApplyCounts> with_lost(const PageRun& page, const RecordList& records) {
    ApplyCounts counts = page.counts();
    const auto lost = page.lost();
    if (lost.empty()) return counts;
    if (++passes_ >= kPassesMax)
      return sdk::transient_error("sync.contended", "Other transactions write the same records.");
    RecordList again;
    std::copy_if(records.begin(), records.end(), std::back_inserter(again), [&](const sdk::Record* record) {
      return std::find(lost.begin(), lost.end(), record->external_id) != lost.end();
    });
    PATCHBAY_ASSIGN(const ApplyCounts more, apply(again));
    return counts += more;
  }

  sdk::Result<ApplyCounts> log_refused(const sdk::Record& record, const sdk::Error& error) {
    ApplyCounts counts;
    counts.failed = 1;
    PATCHBAY_TRY(append_log(session_, *request_.connection, request_.run_id,
                            {{"update",
                              record.resource,
                              record.external_id,
                              "",
                              "failed",
                              "The database refused the record: " + error.message,
                              {{"code", error.code}}}}));
    return counts;
  }

  const ApplyTools& tools_;
  storage::Session& session_;
  const ApplyRequest& request_;
  const mapping::ResourceMapping& rules_;
  int passes_ = 0;
};

}  // namespace

ApplyCounts& ApplyCounts::operator+=(const ApplyCounts& other) {
  created += other.created;
  updated += other.updated;
  unchanged += other.unchanged;
  deleted += other.deleted;
  failed += other.failed;
  merged += other.merged;
  return *this;
}

PageApplier::PageApplier(const resources::Registry& registry, const resources::Writer& writer,
                         const mapping::MappingCatalog& mappings)
    : registry_(registry), writer_(writer), mappings_(mappings) {}

sdk::Result<ApplyCounts> PageApplier::apply(storage::Session& session, const ApplyRequest& request) const {
  const ApplyTools tools{registry_, writer_, mappings_, linker_};
  // The first sync fills empty tables: a plan that was kept from when they were small would read them whole for each
  // page.
  PATCHBAY_TRY(session.execute("set local plan_cache_mode = force_custom_plan"));
  ApplyCounts counts;
  // In the mapping's order: what is referred to stands before what refers to it.
  for (const mapping::ResourceMapping& rules : request.mapper->mapping().resources()) {
    RecordList records;
    for (const sdk::Record& record : request.records) {
      if (record.resource == rules.resource) records.push_back(&record);
    }
    if (records.empty()) continue;
    PATCHBAY_ASSIGN(const ApplyCounts applied, ResourceApply(tools, session, request, rules).apply(records));
    counts += applied;
  }
  std::vector<LogRow> log;
  for (const sdk::RecordProblem& problem : request.problems) {
    ++counts.failed;
    log.push_back({"update", request.resource, problem.external_id, "", "failed", problem.message, {}});
  }
  PATCHBAY_TRY(append_log(session, *request.connection, request.run_id, log));
  return counts;
}

sdk::Result<void> PageApplier::settle_met(storage::Session& session, const ApplyRequest& request) const {
  const ApplyTools tools{registry_, writer_, mappings_, linker_};
  RecordKeys keys;
  for (const sdk::Record& record : request.records) keys.emplace_back(record.resource, record.external_id);
  PATCHBAY_ASSIGN(const auto filled, take_met(session, request.connection->id, keys));
  return write_filled(tools, session, *request.connection, request.mapper->mapping(), filled);
}

sdk::Result<void> PageApplier::settle_references(storage::Session& session, const connections::Connection& connection,
                                                 const mapping::Mapper& mapper) const {
  const ApplyTools tools{registry_, writer_, mappings_, linker_};
  PATCHBAY_ASSIGN(auto filled, take_fillable(session, connection.id, "", {}));
  std::set<std::string> targets;
  for (const auto& rules : mapper.mapping().resources()) {
    for (const auto& rule : rules.fields) {
      if (!rule.find_by.empty()) targets.insert(rule.reference);
    }
  }
  for (const std::string& target : targets) {
    PATCHBAY_ASSIGN(auto found, take_found(session, registry_, connection.id, target));
    std::move(found.begin(), found.end(), std::back_inserter(filled));
  }
  return write_filled(tools, session, connection, mapper.mapping(), filled);
}

}  // namespace patchbay::sync
