#include "engine/events/outbox_reader.hpp"

#include <patchbay/sdk/json.hpp>

#include <charconv>
#include <string_view>

namespace patchbay::events {
namespace {

#define PATCHBAY_EVENT_COLUMNS                                                                                      \
  "select o.xid::text as xid, o.id, o.topic, o.action, o.entity_kind, o.entity_id, o.origin, o.origin_connection, " \
  "o.actor_id, array_to_json(o.changed_fields)::text as changed_fields, o.data::text as data, "                     \
  "o.visibility::text as visibility, to_char(o.at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') as at "  \
  "from outbox o where (o.xid, o.id) > ($1::xid8, $2::bigint) and o.xid < pg_snapshot_xmin(pg_current_snapshot()) "

constexpr std::string_view kRead = PATCHBAY_EVENT_COLUMNS "order by o.xid, o.id limit $3::bigint";
constexpr std::string_view kReplay = PATCHBAY_EVENT_COLUMNS
    "and (o.xid, o.id) <= ($4::xid8, $5::bigint) and o.topic = any($6::text[]) order by o.xid, o.id limit $3::bigint";

#undef PATCHBAY_EVENT_COLUMNS

/// The row of event_sinks that remembers how far retention has come.
constexpr std::string_view kRetentionRow = "retention";

// The order of (xid, id) is nearly that of time, so the oldest events stand at the head of the primary key: no index on
// `at`.
constexpr std::string_view kTrim = R"sql(
with head as (
  select xid, id, at from outbox order by xid, id limit $1::bigint
), gone as (
  delete from outbox o using head h
  where o.xid = h.xid and o.id = h.id and h.at < now() - $2::bigint * interval '1 millisecond'
    and not exists (select 1 from event_sinks s where s.name = any($3::text[]) and (s.xid, s.id) < (h.xid, h.id))
  returning o.xid, o.id
), last as (
  select xid, id from gone order by xid desc, id desc limit 1
), moved as (
  insert into event_sinks (name, xid, id) select $4, xid, id from last
  on conflict (name) do update set xid = excluded.xid, id = excluded.id, updated_at = now()
)
select count(*) as count from gone
)sql";

sdk::json::value parse_or_null(std::string_view text) {
  auto parsed = sdk::parse_json(text);
  return parsed.ok() ? std::move(parsed).value() : sdk::json::value();
}

StoredEvent parse_event(const storage::Rows& rows, std::size_t row) {
  StoredEvent event;
  event.topic = rows.text(row, "topic");
  event.action = rows.text(row, "action");
  event.entity_kind = rows.text(row, "entity_kind");
  event.entity_id = rows.text(row, "entity_id");
  event.origin = rows.text(row, "origin");
  event.origin_connection = rows.text(row, "origin_connection");
  event.actor_id = rows.text(row, "actor_id");
  const sdk::json::value fields = parse_or_null(rows.text(row, "changed_fields"));
  if (const auto* list = fields.if_array()) {
    for (const auto& field : *list) event.changed_fields.push_back(sdk::scalar_text(field).value_or(""));
  }
  event.data = parse_or_null(rows.text(row, "data"));
  const sdk::json::value visibility = parse_or_null(rows.text(row, "visibility"));
  if (const auto* object = visibility.if_object()) event.visibility = *object;
  event.position = rows.text(row, "xid") + "-" + rows.text(row, "id");
  event.at = rows.text(row, "at");
  return event;
}

sdk::Result<std::vector<StoredEvent>> parse_events(sdk::Result<storage::Rows> rows) {
  if (!rows.ok()) return std::move(rows).error();
  std::vector<StoredEvent> events;
  events.reserve(rows->size());
  for (std::size_t row = 0; row < rows->size(); ++row) events.push_back(parse_event(*rows, row));
  return events;
}

storage::Params start_params(const Position& after, std::size_t count_max) {
  return {std::to_string(after.xid), std::to_string(after.id), std::to_string(count_max)};
}

}  // namespace

Position position_of(const StoredEvent& event) {
  return parse_position(event.position).value_or(Position{});
}

sdk::Result<Position> OutboxReader::present() const {
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      database_.query(storage::Lane::kWorker, "select pg_snapshot_xmin(pg_current_snapshot())::text as xid"));
  const auto position = parse_position(rows.text(0, "xid") + "-0");
  if (!position) return sdk::permanent_error("events.bad_position", "PostgreSQL named no transaction horizon.");
  return *position;
}

sdk::Result<std::vector<StoredEvent>> OutboxReader::read(const Position& after, std::size_t count_max) const {
  return parse_events(database_.query(storage::Lane::kWorker, kRead, start_params(after, count_max)));
}

sdk::Result<std::vector<StoredEvent>> OutboxReader::read(storage::Session& session, const Position& after,
                                                         std::size_t count_max) {
  return parse_events(session.execute(kRead, start_params(after, count_max)));
}

sdk::Result<std::vector<StoredEvent>> OutboxReader::replay(const Position& after, const Position& upto,
                                                           const std::vector<std::string>& topics,
                                                           std::size_t count_max) const {
  storage::Params params = start_params(after, count_max);
  params.emplace_back(std::to_string(upto.xid));
  params.emplace_back(std::to_string(upto.id));
  params.emplace_back(storage::array_literal(topics));
  return parse_events(database_.query(storage::Lane::kWorker, kReplay, params));
}

sdk::Result<std::optional<Position>> OutboxReader::trimmed() const {
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      database_.query(storage::Lane::kWorker, "select xid::text as xid, id from event_sinks where name = $1",
                      {std::string(kRetentionRow)}));
  if (rows.empty()) return std::optional<Position>();
  return parse_position(rows.text(0, "xid") + "-" + rows.text(0, "id"));
}

sdk::Result<std::size_t> OutboxReader::trim(std::chrono::milliseconds age,
                                            const std::vector<std::string>& lossless_sinks,
                                            std::size_t count_max) const {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database_.query(storage::Lane::kWorker, kTrim,
                                  {std::to_string(count_max), std::to_string(age.count()),
                                   storage::array_literal(lossless_sinks), std::string(kRetentionRow)}));
  return static_cast<std::size_t>(rows.integer(0, "count"));
}

}  // namespace patchbay::events
