#include "engine/events/outbox.hpp"

#include <patchbay/sdk/json.hpp>

#include <string_view>

namespace patchbay::events {
namespace {

// Every column travels as text[]: one statement whatever the number of events, and one plan for all of them.
constexpr std::string_view kAppend = R"sql(
insert into outbox (topic, action, entity_kind, entity_id, origin, origin_connection, actor_id, changed_fields, data, visibility)
select u.topic, u.action, u.entity_kind, u.entity_id::uuid, u.origin, u.origin_connection::uuid, u.actor_id,
       u.changed_fields::text[], u.data::jsonb, u.visibility::jsonb
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[])
  with ordinality as u (topic, action, entity_kind, entity_id, origin, origin_connection, actor_id, changed_fields, data,
                        visibility, place)
order by u.place
)sql";

storage::Param or_null(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

struct Columns {
  std::vector<std::string> topics, actions, kinds, ids, origins, fields, rows, visibilities;
  std::vector<storage::Param> connections, actors;

  void add(const Event& event) {
    topics.push_back(event.topic);
    actions.push_back(event.action);
    kinds.push_back(event.entity_kind);
    ids.push_back(event.entity_id);
    origins.push_back(event.origin);
    connections.push_back(or_null(event.origin_connection));
    actors.push_back(or_null(event.actor_id));
    fields.push_back(storage::array_literal(event.changed_fields));
    rows.push_back(sdk::json::serialize(event.data));
    visibilities.push_back(sdk::json::serialize(event.visibility));
  }
};

}  // namespace

sdk::Result<void> append(storage::Session& session, const std::vector<Event>& events) {
  if (events.empty()) return {};
  Columns columns;
  for (const Event& event : events) columns.add(event);
  using storage::array_literal;
  const storage::Params params = {array_literal(columns.topics),  array_literal(columns.actions),
                                  array_literal(columns.kinds),   array_literal(columns.ids),
                                  array_literal(columns.origins), array_literal(columns.connections),
                                  array_literal(columns.actors),  array_literal(columns.fields),
                                  array_literal(columns.rows),    array_literal(columns.visibilities)};
  PATCHBAY_TRY(session.execute(kAppend, params));
  return {};
}

}  // namespace patchbay::events
