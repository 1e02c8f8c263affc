// The second half of a page: what its records add up to, in rows, counts and log.
#include "hub/sync/page_run.hpp"

#include <algorithm>

namespace patchbay::sync {

std::vector<const mapping::MappedRecord*> PageRun::written_records() const {
  std::vector<const mapping::MappedRecord*> records;
  for (const PageItem& item : items_) {
    if (!item.failed && !item.lost) records.push_back(&item.record);
  }
  return records;
}

/// Records that were here before and may have waited for another.
std::vector<std::string> PageRun::known_with_references() const {
  std::vector<std::string> external_ids;
  const bool refers =
      std::any_of(rules_.fields.begin(), rules_.fields.end(), [](const auto& rule) { return !rule.reference.empty(); });
  for (const PageItem& item : items_) {
    if (refers && item.kind != PageItem::Kind::kNew && !item.failed) external_ids.push_back(item.record.external_id);
  }
  return external_ids;
}

std::vector<std::string> PageRun::lost() const {
  std::vector<std::string> external_ids;
  for (const PageItem& item : items_) {
    if (item.lost) external_ids.push_back(item.record.external_id);
  }
  return external_ids;
}

/// Adds what one record changes to what the page does to its entity.
void PageRun::collect_row(PageItem& item) {
  if (item.kind == PageItem::Kind::kDelete) return;
  const auto entity = entities_.find(item.entity_id);
  const bool comes_back = entity != entities_.end() && entity->second.deleted && item.link.deleted;
  if (item.row.values.empty() && !item.row.is_new && !comes_back) return;
  add_row(item.row);
}

/// Several records of a page may belong to one entity.
void PageRun::add_row(const resources::BulkRow& change) {
  const auto [found, fresh] = rows_.try_emplace(change.entity_id, change);
  if (fresh) return;
  resources::BulkRow& row = found->second;
  for (const auto& [name, value] : change.values) row.values[name] = value;
  for (const auto& [name, owner] : change.owners) row.owners[name] = owner;
  for (const std::string& field : change.changed_fields) {
    if (std::find(row.changed_fields.begin(), row.changed_fields.end(), field) == row.changed_fields.end()) {
      row.changed_fields.push_back(field);
    }
  }
}

void PageRun::count(const PageItem& item) {
  LogRow row{"", rules_.resource, item.record.external_id, item.entity_id, "success", "", {}};
  if (!item.record.notes.empty()) {
    sdk::json::array notes;
    for (const std::string& note : item.record.notes) notes.emplace_back(note);
    row.metadata["notes"] = std::move(notes);
  }
  if (item.kind == PageItem::Kind::kDelete) {
    ++counts_.deleted;
    row.operation = "delete";
  } else if (item.makes_entity) {
    ++counts_.created;
    row.operation = "create";
  } else if (!item.matched_by.empty()) {
    ++counts_.merged;
    row.operation = "merge";
    row.metadata["matchedBy"] = item.matched_by;
  } else if (!item.row.changed_fields.empty() || item.link.deleted) {
    ++counts_.updated;
    row.operation = "update";
  } else {
    ++counts_.unchanged;  // new to this connection, but nothing that the entity does not have already
    return;
  }
  log_.push_back(std::move(row));
}

/// The mapping says what a deletion means where the entity is to outlive its record.
void PageRun::change_deleted(const std::string& entity_id, EntityRow& entity) {
  if (rules_.when_deleted->empty()) return;
  const Claim claim{&description_, &rules_, &*owners_, request_.connection->id};
  resources::BulkRow change;
  change.entity_id = entity_id;
  merge_into(claim, *rules_.when_deleted, undelivered_[entity_id], entity, change);
  if (!change.values.empty()) add_row(change);
}

/// An entity goes when its last record has gone.
sdk::Result<void> PageRun::collect_deletions() {
  std::vector<std::string> ids;
  for (const PageItem& item : items_) {
    if (item.kind == PageItem::Kind::kDelete) ids.push_back(item.entity_id);
  }
  if (ids.empty()) return {};
  PATCHBAY_ASSIGN(const auto still_linked, links_.find_linked(session_, ids));
  for (const std::string& id : ids) {
    const auto entity = entities_.find(id);
    if (still_linked.count(id) != 0 || entity == entities_.end() || entity->second.deleted) continue;
    if (rules_.when_deleted) {
      change_deleted(id, entity->second);
      continue;
    }
    resources::BulkRow& row = rows_[id];
    row.entity_id = id;
    row.deleted = true;
  }
  return {};
}

sdk::Result<void> PageRun::report_ambiguous() {
  if (resolutions_.empty()) return {};
  std::vector<identity::IdentityRecord> records;
  std::vector<identity::Resolution> resolutions;
  std::size_t at = 0;
  for (const PageItem& item : items_) {
    if (item.kind != PageItem::Kind::kNew) continue;
    const std::size_t index = at++;
    if (!item.ambiguous || item.failed || item.lost) continue;
    records.push_back(identity_records_[index]);
    resolutions.push_back(resolutions_[index]);
    const identity::Resolution& resolution = resolutions_[index];
    sdk::json::array candidates;
    for (const std::string& candidate : resolution.candidates) candidates.emplace_back(candidate);
    log_.push_back({"link",
                    rules_.resource,
                    item.record.external_id,
                    item.entity_id,
                    "skipped",
                    "ambiguous: " + resolution.matched_by + " fits " + std::to_string(resolution.candidates.size()) +
                        (resolution.candidates.size() == 1 ? " existing row that is not free" : " existing rows") +
                        "; not merged",
                    {{"matchedBy", resolution.matched_by}, {"candidates", std::move(candidates)}}});
  }
  const identity::IdentityScope scope{request_.connection->id, rules_.resource, &description_, true, true, {}};
  return tools_.linker.report(session_, scope, records, resolutions);
}

sdk::Result<void> PageRun::fill_waiting() {
  std::vector<std::string> arrived;
  for (const PageItem& item : items_) {
    if (item.kind == PageItem::Kind::kNew && !item.failed && !item.lost) arrived.push_back(item.record.external_id);
  }
  if (arrived.empty()) return {};
  PATCHBAY_ASSIGN(const auto filled, take_fillable(session_, request_.connection->id, rules_.resource, arrived));
  return write_filled(tools_, session_, *request_.connection, request_.mapper->mapping(), filled);
}

sdk::Result<Owners::ById> load_owners(storage::Session& session) {
  PATCHBAY_ASSIGN(const storage::Rows rows, session.execute("select id, connector, successor_id from connections"));
  Owners::ById owners;
  for (std::size_t row = 0; row < rows.size(); ++row)
    owners[rows.text(row, "id")] = {rows.text(row, "connector"), rows.text(row, "successor_id")};
  return owners;
}

sdk::Result<void> write_filled(const ApplyTools& tools, storage::Session& session,
                               const connections::Connection& connection, const mapping::Mapping& mapping,
                               const std::vector<FilledReference>& filled) {
  if (filled.empty()) return {};
  std::map<std::string, std::vector<const FilledReference*>> by_resource;
  for (const FilledReference& reference : filled) by_resource[reference.resource].push_back(&reference);
  PATCHBAY_ASSIGN(auto known, load_owners(session));
  const Owners owners(tools.mappings, std::move(known));
  for (const auto& [resource, references] : by_resource) {
    const mapping::ResourceMapping* rules = mapping.find(resource);
    if (rules == nullptr) continue;
    const resources::ResourceDescription& description = *tools.registry.find(rules->entity_kind);
    std::vector<std::string> ids;
    for (const auto* reference : references) ids.push_back(reference->entity_id);
    PATCHBAY_ASSIGN(EntitiesById entities, load_entities(session, description, *rules, ids));
    std::map<std::string, resources::BulkRow> rows;
    for (const auto* reference : references) {
      const auto entity = entities.find(reference->entity_id);
      if (entity == entities.end() || entity->second.deleted) continue;
      resources::BulkRow& row = rows[reference->entity_id];
      row.entity_id = reference->entity_id;
      merge_into({&description, rules, &owners, connection.id}, {{reference->field, reference->target_entity_id}}, {},
                 entity->second, row);
    }
    std::vector<resources::BulkRow> changed;
    for (auto& [entity_id, row] : rows) {
      if (!row.values.empty()) changed.push_back(std::move(row));
    }
    const resources::Actor actor{resources::Actor::Kind::kService, connection.connector, connection.id, {}};
    if (!changed.empty()) PATCHBAY_TRY(tools.writer.apply_bulk(session, description, actor, std::move(changed)));
  }
  return {};
}

}  // namespace patchbay::sync
