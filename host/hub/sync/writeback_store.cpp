#include "hub/sync/writeback_store.hpp"

#include "hub/sync/echo.hpp"

namespace patchbay::sync {

using storage::array_literal;

sdk::Result<std::optional<OutboundLink>> find_outbound_link(storage::Session& session, const std::string& connection_id,
                                                            const std::string& resource, const std::string& entity_kind,
                                                            const std::string& entity_id) {
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute("select external_id, remote_version, pending_fields, hub_version from entity_links"
                      " where connection_id = $1::uuid and resource = $2 and entity_kind = $3 and entity_id = $4::uuid"
                      " and deleted_at is null order by external_id limit 1",
                      {connection_id, resource, entity_kind, entity_id}));
  if (rows.empty()) return std::optional<OutboundLink>();
  OutboundLink link;
  link.external_id = rows.text(0, "external_id");
  link.remote_version = rows.text(0, "remote_version");
  link.pending_fields = parse_name_list(rows.text(0, "pending_fields"));
  link.hub_version = rows.integer(0, "hub_version");
  return std::optional<OutboundLink>(std::move(link));
}

sdk::Result<void> add_pending(storage::Session& session, const std::string& connection_id, const std::string& resource,
                              const std::string& entity_id, const std::vector<std::string>& fields,
                              std::int64_t version) {
  PATCHBAY_TRY(session.execute(
      "update entity_links set pending_version = greatest(pending_version, $5::bigint), pending_fields ="
      " array(select distinct unnest(pending_fields || $4::text[]))"
      " where connection_id = $1::uuid and resource = $2 and entity_id = $3::uuid and deleted_at is null",
      {connection_id, resource, entity_id, array_literal(fields), std::to_string(version)}));
  return {};
}

sdk::Result<void> store_link_error(storage::Session& session, const std::string& connection_id,
                                   const std::string& resource, const std::string& entity_id,
                                   const std::string& message) {
  PATCHBAY_TRY(
      session.execute("update entity_links set sync_error = $4 where connection_id = $1::uuid and resource = $2"
                      " and entity_id = $3::uuid and deleted_at is null and sync_error is distinct from $4",
                      {connection_id, resource, entity_id, message}));
  return {};
}

sdk::Result<std::optional<std::string>> store_written(storage::Session& session, const WrittenRecord& written) {
  PATCHBAY_ASSIGN(const storage::Rows before,
                  session.execute("select entity_id from entity_links where connection_id = $1::uuid and resource = $2"
                                  " and external_id = $3 for update",
                                  {written.connection_id, written.resource, written.external_id}));
  PATCHBAY_TRY(session.execute(
      "insert into entity_links as l (connection_id, resource, external_id, service, entity_kind, entity_id, "
      "remote_version,"
      " fingerprint, hub_version) values ($1::uuid, $2, $3, $4, $5, $6::uuid, $7, $8::bytea, $9::bigint)"
      " on conflict (connection_id, resource, external_id) do update set entity_id = excluded.entity_id,"
      " remote_version = excluded.remote_version, fingerprint = excluded.fingerprint, sync_error = null, last_seen_at "
      "= now(),"
      " deleted_at = null, hub_version = greatest(l.hub_version, excluded.hub_version),"
      " pending_fields = case when l.pending_version <= excluded.hub_version then '{}' else l.pending_fields end",
      {written.connection_id, written.resource, written.external_id, written.service, written.entity_kind,
       written.entity_id, written.remote_version.empty() ? storage::Param() : storage::Param(written.remote_version),
       written.fingerprint.empty() ? storage::Param() : storage::Param(storage::bytea_literal(written.fingerprint)),
       std::to_string(written.hub_version)}));
  if (before.empty() || before.text(0, "entity_id") == written.entity_id) return std::optional<std::string>();
  return std::optional<std::string>(before.text(0, "entity_id"));
}

sdk::Result<CreateUnderWay> begin_create(storage::Session& session, const std::string& connection_id,
                                         const std::string& resource, const std::string& entity_kind,
                                         const std::string& entity_id, const CreateUnderWay& create,
                                         const std::vector<std::string>& keys) {
  // A repeat only moves the time, so that its echo waits as well; the request stays what it was.
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(
          "insert into sync_creates_under_way as c (connection_id, entity_kind, entity_id, resource, keys, request,"
          " entity_version) values ($1::uuid, $2, $3::uuid, $4, $5::text[], $6, $7::bigint)"
          " on conflict (connection_id, entity_kind, entity_id) do update set started_at = now()"
          " returning c.request, c.entity_version",
          {connection_id, entity_kind, entity_id, resource, array_literal(keys), sdk::json::serialize(create.request),
           std::to_string(create.entity_version)}));
  CreateUnderWay begun;
  PATCHBAY_ASSIGN(begun.request, sdk::parse_json(rows.text(0, "request")));
  begun.entity_version = rows.integer(0, "entity_version");
  return begun;
}

sdk::Result<void> end_create(storage::Session& session, const std::string& connection_id,
                             const std::string& entity_kind, const std::string& entity_id) {
  PATCHBAY_TRY(
      session.execute("delete from sync_creates_under_way where connection_id = $1::uuid and entity_kind = $2"
                      " and entity_id = $3::uuid",
                      {connection_id, entity_kind, entity_id}));
  return {};
}

sdk::Result<OutboundReferences> find_outbound_references(storage::Session& session, const std::string& connection_id,
                                                         const mapping::ResourceMapping& rules,
                                                         const sdk::json::object& row) {
  OutboundReferences found;
  for (const mapping::FieldRule& rule : rules.fields) {
    const auto* value = row.if_contains(rule.field);
    if (rule.reference.empty() || rule.to.empty() || value == nullptr || !value->is_string()) continue;
    const std::string entity_id(value->get_string());
    PATCHBAY_ASSIGN(
        const storage::Rows rows,
        session.execute("select external_id from entity_links where connection_id = $1::uuid and resource = $2"
                        " and entity_id = $3::uuid and deleted_at is null order by external_id limit 1",
                        {connection_id, rule.reference, entity_id}));
    if (rows.empty()) {
      found.missing[rule.field] = entity_id;
    } else {
      found.external_ids[rule.field] = rows.text(0, "external_id");
    }
  }
  return found;
}

}  // namespace patchbay::sync
