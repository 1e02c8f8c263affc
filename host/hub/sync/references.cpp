#include "hub/sync/references.hpp"

#include "hub/identity/key_lookup.hpp"

#include <set>

namespace patchbay::sync {

using storage::array_literal;

namespace {

/// "client.phone" → the client's description and "phone"; null where the target is a resource.
struct KeyTarget {
  const resources::ResourceDescription* description = nullptr;
  std::string key_name;
};

KeyTarget key_target(const resources::Registry& registry, const std::string& target) {
  const auto dot = target.find('.');
  if (dot == std::string::npos) return {};
  return {registry.find(target.substr(0, dot)), target.substr(dot + 1)};
}

std::vector<FilledReference> filled_of(const storage::Rows& rows) {
  std::vector<FilledReference> filled;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    filled.push_back({rows.text(row, "resource"), rows.text(row, "external_id"), rows.text(row, "field"),
                      rows.text(row, "entity_kind"), rows.text(row, "entity_id"), rows.text(row, "target_id")});
  }
  return filled;
}

sdk::Result<void> find_linked(storage::Session& session, const std::string& connection_id,
                              const std::map<std::string, std::set<std::string>>& wanted, ReferenceTargets& targets) {
  std::vector<std::string> resources, external_ids;
  for (const auto& [resource, ids] : wanted) {
    resources.insert(resources.end(), ids.size(), resource);
    external_ids.insert(external_ids.end(), ids.begin(), ids.end());
  }
  if (resources.empty()) return {};
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  session.execute("select l.resource, l.external_id, l.entity_id from unnest($2::text[], $3::text[]) "
                                  "as t(resource, external_id) cross join lateral (select * from entity_links e"
                                  " where e.connection_id = $1::uuid and e.resource = t.resource"
                                  " and e.external_id = t.external_id limit 1) l",  // as in link_table.cpp
                                  {connection_id, array_literal(resources), array_literal(external_ids)}));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    targets[{rows.text(row, "resource"), rows.text(row, "external_id")}] = rows.text(row, "entity_id");
  }
  return {};
}

}  // namespace

sdk::Result<ReferenceTargets> find_targets(storage::Session& session, const resources::Registry& registry,
                                           const std::string& connection_id,
                                           const std::vector<const mapping::MappedRecord*>& records) {
  std::map<std::string, std::set<std::string>> linked, keyed;
  for (const auto* record : records) {
    for (const auto& reference : record->references) {
      const bool by_key = reference.resource.find('.') != std::string::npos;
      (by_key ? keyed : linked)[reference.resource].insert(reference.external_id);
    }
  }
  ReferenceTargets targets;
  PATCHBAY_TRY(find_linked(session, connection_id, linked, targets));
  for (const auto& [target, keys] : keyed) {
    const KeyTarget wanted = key_target(registry, target);
    if (wanted.description == nullptr) continue;
    PATCHBAY_ASSIGN(const auto found, identity::find_by_key(session, *wanted.description, wanted.key_name, keys));
    for (const auto& [key, entity_id] : found) targets[{target, key}] = entity_id;
  }
  return targets;
}

sdk::Result<void> store_pending(storage::Session& session, const std::string& connection_id,
                                const std::vector<const mapping::MappedRecord*>& records,
                                const ReferenceTargets& targets, const std::string& resource,
                                const std::vector<std::string>& known) {
  std::vector<std::string> resources, external_ids, fields, target_resources, target_ids;
  for (const auto* record : records) {
    for (const auto& reference : record->references) {
      if (targets.count({reference.resource, reference.external_id}) != 0) continue;
      // An id of the hub that names no row now never will.
      if (reference.resource.ends_with(".id")) continue;
      resources.push_back(record->resource);
      external_ids.push_back(record->external_id);
      fields.push_back(reference.field);
      target_resources.push_back(reference.resource);
      target_ids.push_back(reference.external_id);
    }
  }
  if (!known.empty()) {
    PATCHBAY_TRY(
        session.execute("delete from sync_pending_references where connection_id = $1::uuid and resource = $2"
                        " and external_id = any($3::text[])",
                        {connection_id, resource, array_literal(known)}));
  }
  if (external_ids.empty()) return {};
  PATCHBAY_TRY(
      session.execute("insert into sync_pending_references (connection_id, resource, external_id, field, "
                      "target_resource, target_external_id)"
                      " select $1::uuid, t.resource, t.external_id, t.field, t.target_resource, t.target_id"
                      " from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[])"
                      " as t(resource, external_id, field, target_resource, target_id) order by t.external_id, t.field "
                      "on conflict do nothing",
                      {connection_id, array_literal(resources), array_literal(external_ids), array_literal(fields),
                       array_literal(target_resources), array_literal(target_ids)}));
  return {};
}

sdk::Result<std::vector<FilledReference>> take_fillable(storage::Session& session, const std::string& connection_id,
                                                        const std::string& resource,
                                                        const std::vector<std::string>& external_ids) {
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute("delete from sync_pending_references p using entity_links target, entity_links waiting"
                      " where p.connection_id = $1::uuid"
                      " and ($2 = '' or (p.target_resource = $2 and p.target_external_id = any($3::text[])))"
                      " and target.connection_id = p.connection_id and target.resource = p.target_resource"
                      " and target.external_id = p.target_external_id"
                      " and waiting.connection_id = p.connection_id and waiting.resource = p.resource"
                      " and waiting.external_id = p.external_id"
                      " returning p.resource, p.external_id, p.field, waiting.entity_kind, waiting.entity_id,"
                      " target.entity_id as target_id",
                      {connection_id, external_ids.empty() ? "" : resource, array_literal(external_ids)}));
  return filled_of(rows);
}

sdk::Result<std::vector<FilledReference>> take_met(storage::Session& session, const std::string& connection_id,
                                                   const RecordKeys& records) {
  std::vector<std::string> resources, external_ids;
  for (const auto& [resource, external_id] : records) {
    resources.push_back(resource);
    external_ids.push_back(external_id);
  }
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(
          "with k as materialized (select * from unnest($2::text[], $3::text[]) as k(resource, external_id)),"
          " met as (select w.resource, w.external_id, w.field from k join sync_pending_references w"
          " on w.connection_id = $1::uuid and w.resource = k.resource and w.external_id = k.external_id"
          " union select t.resource, t.external_id, t.field from k join sync_pending_references t"
          " on t.connection_id = $1::uuid and t.target_resource = k.resource"
          " and t.target_external_id = k.external_id)"
          " delete from sync_pending_references p using met, entity_links target, entity_links waiting"
          " where p.connection_id = $1::uuid and p.resource = met.resource"
          " and p.external_id = met.external_id and p.field = met.field"
          " and target.connection_id = p.connection_id and target.resource = p.target_resource"
          " and target.external_id = p.target_external_id"
          " and waiting.connection_id = p.connection_id and waiting.resource = p.resource"
          " and waiting.external_id = p.external_id"
          " returning p.resource, p.external_id, p.field, waiting.entity_kind, waiting.entity_id,"
          " target.entity_id as target_id",
          {connection_id, array_literal(resources), array_literal(external_ids)}));
  return filled_of(rows);
}

sdk::Result<std::vector<FilledReference>> take_found(storage::Session& session, const resources::Registry& registry,
                                                     const std::string& connection_id, const std::string& target) {
  const KeyTarget wanted = key_target(registry, target);
  if (wanted.description == nullptr) return std::vector<FilledReference>();
  const std::string sql =
      "delete from sync_pending_references p using (select t.key, (array_agg(e.id))[1] as id"
      " from (select distinct target_external_id as key from sync_pending_references"
      " where connection_id = $1::uuid and target_resource = $2) t join " +
      wanted.description->table + " e on " + identity::key_expression(*wanted.description, wanted.key_name) +
      " = t.key and e.deleted_at is null and " + identity::verified_condition(*wanted.description, wanted.key_name) +
      " group by t.key having count(*) = 1) found, entity_links waiting"
      " where p.connection_id = $1::uuid and p.target_resource = $2 and p.target_external_id = found.key"
      " and waiting.connection_id = p.connection_id and waiting.resource = p.resource"
      " and waiting.external_id = p.external_id"
      " returning p.resource, p.external_id, p.field, waiting.entity_kind, waiting.entity_id, found.id as target_id";
  PATCHBAY_ASSIGN(const storage::Rows rows, session.execute(sql, {connection_id, target}));
  return filled_of(rows);
}

}  // namespace patchbay::sync
