// The records of one resource of a page on their way to rows. Internal to page_applier.
#pragma once

#include "hub/sync/deferred.hpp"
#include "hub/sync/echo.hpp"
#include "hub/sync/link_table.hpp"
#include "hub/sync/ownership.hpp"
#include "hub/sync/page_applier.hpp"
#include "hub/sync/references.hpp"
#include "hub/sync/run_log.hpp"

namespace patchbay::sync {

/// What the applier lends to each of its steps.
struct ApplyTools {
  const resources::Registry& registry;
  const resources::Writer& writer;
  const mapping::MappingCatalog& mappings;
  const identity::Linker& linker;
};

/// One record that is not unchanged.
struct PageItem {
  enum class Kind { kNew, kUpdate, kDelete };
  Kind kind = Kind::kNew;
  mapping::MappedRecord record;
  LinkRow link;  // of kUpdate and kDelete
  std::string entity_id;
  bool makes_entity = false;  // kNew without an entity that it belongs to
  std::string matched_by;     // kNew that was tied to an entity
  bool ambiguous = false;
  bool failed = false;
  bool lost = false;       // kNew: another transaction made the link meanwhile
  resources::BulkRow row;  // what it changes
};

class PageRun {
 public:
  PageRun(const ApplyTools& tools, storage::Session& session, const ApplyRequest& request,
          const mapping::ResourceMapping& rules);

  /// Maps the records and finds which of them say anything new. Reads only.
  sdk::Result<void> prepare(const std::vector<const sdk::Record*>& records);
  /// Whether there is anything to write.
  bool has_work() const { return !items_.empty() || !log_.empty(); }
  /// Writes what prepare() found. Records that another transaction linked meanwhile are in lost() and to be prepared
  /// anew.
  sdk::Result<void> write();
  std::vector<std::string> lost() const;
  const ApplyCounts& counts() const { return counts_; }

 private:
  void fail(const mapping::MappedRecord& record, const sdk::Error& error, const std::string& operation);
  void map_records(const std::vector<const sdk::Record*>& records, std::vector<mapping::MappedRecord>& mapped);
  void classify(mapping::MappedRecord record, LinksById& links);
  sdk::Result<void> identify();
  sdk::Result<void> set_matches_aside();
  sdk::Result<void> resolve_references();
  sdk::Result<void> load_current();
  void build(PageItem& item);
  sdk::Result<void> check_change(const resources::BulkRow& row, const EntityRow& entity) const;
  sdk::Result<void> claim_links();
  sdk::Result<void> store_links();
  sdk::Result<void> collect_deletions();
  void collect_row(PageItem& item);
  void add_row(const resources::BulkRow& change);
  void change_deleted(const std::string& entity_id, EntityRow& entity);
  void count(const PageItem& item);
  sdk::Result<void> report_ambiguous();
  sdk::Result<void> fill_waiting();
  std::vector<const mapping::MappedRecord*> written_records() const;
  std::vector<std::string> known_with_references() const;

  const ApplyTools& tools_;
  storage::Session& session_;
  const ApplyRequest& request_;
  const mapping::ResourceMapping& rules_;
  const resources::ResourceDescription& description_;
  LinkTable links_;
  std::unordered_map<std::string_view, const sdk::Record*> sources_;  // by external id, the latest of each
  std::vector<PageItem> items_;
  ReferenceTargets targets_;
  EntitiesById entities_;
  std::map<std::string, FieldNames> undelivered_;
  std::optional<Owners> owners_;
  std::map<std::string, resources::BulkRow> rows_;  // by entity id, so in key order
  std::vector<identity::IdentityRecord> identity_records_;
  std::vector<identity::Resolution> resolutions_;
  std::vector<LogRow> log_;
  std::vector<std::string> error_ids_, error_texts_;
  ApplyCounts counts_;
};

/// All connections, removed ones too.
sdk::Result<Owners::ById> load_owners(storage::Session& session);

/// Writes references that can be filled now onto the entities that waited for them.
sdk::Result<void> write_filled(const ApplyTools& tools, storage::Session& session,
                               const connections::Connection& connection, const mapping::Mapping& mapping,
                               const std::vector<FilledReference>& filled);

}  // namespace patchbay::sync
