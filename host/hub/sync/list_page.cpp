#include "hub/sync/list_page.hpp"

#include "platform/base/ids.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::sync {
namespace {

constexpr std::string_view kTime = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'";

std::string time_member(const std::string& name, const std::string& column) {
  return "'" + name + "', to_char(" + column + " at time zone 'UTC', " + std::string(kTime) + ")";
}

std::string run_columns() {
  return "jsonb_build_object('id', r.id, 'connectionId', r.connection_id, 'connector', c.connector, 'mode', r.mode, "
         "'resources',"
         " to_jsonb(r.resources), 'dryRun', r.dry_run, 'trigger', r.trigger, 'state', r.state, 'counts', r.counts, "
         "'progress',"
         " r.progress, 'rateLimitWaits', jsonb_build_object('count', r.rate_limit_waits_count, 'totalMs', "
         "r.rate_limit_wait_ms),"
         " 'durationMs', (extract(epoch from coalesce(r.finished_at, now()) - r.started_at) * 1000)::bigint, 'error', "
         "r.error,"
         " 'createdBy', r.created_by, " +
         time_member("createdAt", "r.created_at") + ", " + time_member("startedAt", "r.started_at") + ", " +
         time_member("finishedAt", "r.finished_at") + ")::text as item";
}

std::string log_columns() {
  return "jsonb_build_object('id', l.id::text, 'runId', l.run_id, 'connectionId', l.connection_id, 'service', "
         "l.service, 'operation',"
         " l.operation, 'resourceType', l.resource_type, 'resourceId', l.resource_id, 'entityId', l.entity_id, "
         "'status', l.status,"
         " 'errorMessage', l.error_message, 'metadata', l.metadata, " +
         time_member("createdAt", "l.created_at") + ")::text as item";
}

sdk::Result<sdk::json::array> items_of(const sdk::Result<storage::Rows>& rows) {
  if (!rows.ok()) return rows.error();
  sdk::json::array items;
  for (std::size_t row = 0; row < rows.value().size(); ++row) {
    PATCHBAY_ASSIGN(sdk::json::value item, sdk::parse_json(rows.value().text(row, "item")));
    items.push_back(std::move(item));
  }
  return items;
}

/// Filters whose value is a row's id.
bool is_id_filter(std::string_view name) {
  return name == "runId" || name == "connectionId" || name == "entityId";
}

/// Conditions for the given filters, as ` and column = $n`; their values go to `params`.
std::string conditions(const ListPage& page, const std::vector<std::pair<std::string, std::string>>& columns,
                       storage::Params& params) {
  std::string sql;
  for (const auto& [name, value] : page.filters) {
    const auto column =
        std::find_if(columns.begin(), columns.end(), [&](const auto& entry) { return entry.first == name; });
    if (column == columns.end()) continue;
    params.emplace_back(value);
    sql += " and " + column->second + " = $" + std::to_string(params.size());
    if (is_id_filter(name)) sql += "::uuid";
  }
  return sql;
}

}  // namespace

sdk::Result<sdk::json::array> load_runs(storage::Database& database, const ListPage& page) {
  if (!page.cursor.empty() && !base::is_uuid(page.cursor))
    return sdk::invalid_error("request.cursor", "The cursor is malformed.", "cursor");
  storage::Params params;
  std::string sql =
      "select " + run_columns() + " from sync_runs r join connections c on c.id = r.connection_id where true" +
      conditions(
          page,
          {{"connectionId", "r.connection_id"}, {"state", "r.state"}, {"mode", "r.mode"}, {"trigger", "r.trigger"}},
          params);
  if (!page.cursor.empty()) {
    params.emplace_back(page.cursor);
    sql += " and (r.created_at, r.id) < (select created_at, id from sync_runs where id = $" +
           std::to_string(params.size()) + "::uuid)";
  }
  sql += " order by r.created_at desc, r.id desc limit " + std::to_string(page.page_size + 1);
  return items_of(database.query(storage::Lane::kInteractive, sql, params));
}

sdk::Result<sdk::json::array> load_run(storage::Database& database, const std::string& run_id) {
  if (!base::is_uuid(run_id)) return sdk::json::array();
  return items_of(database.query(storage::Lane::kInteractive,
                                 "select " + run_columns() +
                                     " from sync_runs r join connections c on c.id = r.connection_id"
                                     " where r.id = $1::uuid",
                                 {run_id}));
}

sdk::Result<sdk::json::array> load_log(storage::Database& database, const ListPage& page) {
  storage::Params params;
  std::string sql = "select " + log_columns() + " from sync_log l where true" +
                    conditions(page,
                               {{"service", "l.service"},
                                {"operation", "l.operation"},
                                {"status", "l.status"},
                                {"resourceType", "l.resource_type"},
                                {"resourceId", "l.resource_id"},
                                {"runId", "l.run_id"},
                                {"connectionId", "l.connection_id"},
                                {"entityId", "l.entity_id"}},
                               params);
  if (!page.cursor.empty()) {
    std::int64_t id = 0;
    const auto [end, code] = std::from_chars(page.cursor.data(), page.cursor.data() + page.cursor.size(), id);
    if (code != std::errc() || end != page.cursor.data() + page.cursor.size()) {
      return sdk::invalid_error("request.cursor", "The cursor is malformed.", "cursor");
    }
    params.emplace_back(page.cursor);
    sql += " and l.id < $" + std::to_string(params.size()) + "::bigint";
  }
  sql += " order by l.id desc limit " + std::to_string(page.page_size + 1);
  return items_of(database.query(storage::Lane::kInteractive, sql, params));
}

}  // namespace patchbay::sync
