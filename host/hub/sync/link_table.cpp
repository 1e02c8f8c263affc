#include "hub/sync/link_table.hpp"

#include "hub/sync/echo.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::sync {
namespace {

using storage::array_literal;

storage::Param time_param(const std::optional<sdk::SystemTime>& time) {
  if (!time) return std::nullopt;
  return sdk::format_time(*time);
}

/// Links as columns for unnest.
struct Columns {
  std::vector<std::string> external_ids, entity_ids, fingerprints, deleted;
  std::vector<storage::Param> versions, times;

  explicit Columns(const std::vector<LinkState>& links) {
    for (const LinkState& link : links) {
      external_ids.push_back(link.external_id);
      entity_ids.push_back(link.entity_id);
      fingerprints.push_back(storage::bytea_literal(link.fingerprint));
      deleted.push_back(link.deleted ? "t" : "f");
      versions.push_back(link.remote_version.empty() ? storage::Param() : storage::Param(link.remote_version));
      times.push_back(time_param(link.state_at));
    }
  }
};

std::vector<std::string> texts(const storage::Rows& rows) {
  std::vector<std::string> values;
  values.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) values.emplace_back(*rows.at(row, std::size_t{0}));
  return values;
}

}  // namespace

LinkTable::LinkTable(std::string connection_id, std::string service, std::string resource, std::string entity_kind)
    : connection_id_(std::move(connection_id)),
      service_(std::move(service)),
      resource_(std::move(resource)),
      entity_kind_(std::move(entity_kind)) {}

sdk::Result<LinksById> LinkTable::load(storage::Session& session, const std::vector<std::string>& external_ids) const {
  LinksById links;
  if (external_ids.empty()) return links;
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(
          // One look into the primary key for each id. As a list of ids the planner may read every link of the
          // resource, as long as its statistics are of a time when there were few.
          "select l.external_id, l.entity_id, l.fingerprint, l.deleted_at is not null, l.pending_fields,"
          " to_char(l.state_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
          " from unnest($3::text[]) as wanted (external_id) cross join lateral (select * from entity_links e where"
          " e.connection_id = $1::uuid and e.resource = $2 and e.external_id = wanted.external_id limit 1) l",
          {connection_id_, resource_, array_literal(external_ids)}));
  links.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    LinkRow link;
    link.external_id = *rows.at(row, std::size_t{0});
    link.entity_id = *rows.at(row, std::size_t{1});
    link.fingerprint = rows.at(row, std::size_t{2}).value_or("");
    link.deleted = rows.at(row, std::size_t{3}) == "t";
    link.pending_fields = parse_name_list(rows.at(row, std::size_t{4}).value_or(""));
    if (const auto time = rows.at(row, std::size_t{5})) {
      PATCHBAY_ASSIGN(link.state_at, sdk::parse_time(*time));
    }
    std::string key = link.external_id;
    links.emplace(std::move(key), std::move(link));
  }
  return links;
}

sdk::Result<std::vector<std::string>> LinkTable::claim(storage::Session& session, std::vector<LinkState> links) const {
  if (links.empty()) return std::vector<std::string>();
  // In key order: two pages that claim the same records wait for each other, never in a circle.
  std::sort(links.begin(), links.end(),
            [](const auto& left, const auto& right) { return left.external_id < right.external_id; });
  const Columns columns(links);
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute("insert into entity_links (connection_id, resource, external_id, service, entity_kind, "
                      "entity_id, remote_version,"
                      " fingerprint, state_at) select $1::uuid, $2, t.external_id, $3, $4, t.entity_id, t.version, "
                      "t.fingerprint, t.state_at"
                      " from unnest($5::text[], $6::uuid[], $7::text[], $8::bytea[], $9::timestamptz[])"
                      " as t(external_id, entity_id, version, fingerprint, state_at)"
                      " on conflict (connection_id, resource, external_id) do nothing returning external_id",
                      {connection_id_, resource_, service_, entity_kind_, array_literal(columns.external_ids),
                       array_literal(columns.entity_ids), array_literal(columns.versions),
                       array_literal(columns.fingerprints), array_literal(columns.times)}));
  return texts(rows);
}

sdk::Result<void> LinkTable::store(storage::Session& session, const std::vector<LinkState>& links) const {
  if (links.empty()) return {};
  const Columns columns(links);
  PATCHBAY_TRY(session.execute(
      "update entity_links l set remote_version = t.version, fingerprint = t.fingerprint, sync_error = null, "
      "last_seen_at = now(),"
      " state_at = coalesce(t.state_at, l.state_at),"
      " deleted_at = case when t.deleted then coalesce(l.deleted_at, now()) end"
      " from unnest($3::text[], $4::text[], $5::bytea[], $6::timestamptz[], $7::bool[])"
      " as t(external_id, version, fingerprint, state_at, deleted)"
      " where l.connection_id = $1::uuid and l.resource = $2 and l.external_id = t.external_id",
      {connection_id_, resource_, array_literal(columns.external_ids), array_literal(columns.versions),
       array_literal(columns.fingerprints), array_literal(columns.times), array_literal(columns.deleted)}));
  return {};
}

sdk::Result<void> LinkTable::store_errors(storage::Session& session, const std::vector<std::string>& external_ids,
                                          const std::vector<std::string>& messages) const {
  if (external_ids.empty()) return {};
  PATCHBAY_TRY(session.execute(
      "update entity_links l set sync_error = t.message from unnest($3::text[], $4::text[]) as t(external_id, message)"
      " where l.connection_id = $1::uuid and l.resource = $2 and l.external_id = t.external_id"
      " and l.sync_error is distinct from t.message",
      {connection_id_, resource_, array_literal(external_ids), array_literal(messages)}));
  return {};
}

sdk::Result<std::set<std::string>> LinkTable::find_linked(storage::Session& session,
                                                          const std::vector<std::string>& entity_ids) const {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  session.execute("select distinct entity_id from entity_links where entity_kind = $1"
                                  " and entity_id = any($2::uuid[]) and deleted_at is null",
                                  {entity_kind_, array_literal(entity_ids)}));
  const auto ids = texts(rows);
  return std::set<std::string>(ids.begin(), ids.end());
}

}  // namespace patchbay::sync
