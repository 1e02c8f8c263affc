#include "engine/resources/change_record.hpp"

namespace patchbay::resources {
namespace {

std::string_view kind_name(Actor::Kind kind) {
  switch (kind) {
    case Actor::Kind::kUser:
      return "user";
    case Actor::Kind::kService:
      return "service";
    case Actor::Kind::kSystem:
      return "system";
  }
  return "system";
}

storage::Param or_null(const std::string& text) {
  return text.empty() ? storage::Param() : storage::Param(text);
}

constexpr std::string_view kHistory =
    "insert into status_history (entity_kind, entity_id, from_status, to_status, actor_kind, actor_id, reason) "
    "select $1::text, u.id::uuid, u.was, u.became, $2::text, $3::text, u.reason "
    "from unnest($4::text[], $5::text[], $6::text[], $7::text[]) with ordinality as u (id, was, became, reason, place) "
    "order by u.place";

}  // namespace

RowScope actor_scope(const policy::Policy& policy, const ResourceDescription& description, const Actor& actor) {
  return actor.kind == Actor::Kind::kUser ? row_scope(policy, description, actor.principal) : RowScope::all();
}

sdk::Result<void> append_history(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                 const std::vector<Transition>& transitions) {
  if (transitions.empty()) return {};
  std::vector<std::string> ids, became;
  std::vector<storage::Param> was, reasons;
  for (const Transition& transition : transitions) {
    ids.push_back(transition.entity_id);
    was.push_back(or_null(transition.from));
    became.push_back(transition.to);
    reasons.push_back(or_null(transition.reason));
  }
  const storage::Params params = {description.kind,
                                  std::string(kind_name(actor.kind)),
                                  or_null(actor.id),
                                  storage::array_literal(ids),
                                  storage::array_literal(was),
                                  storage::array_literal(became),
                                  storage::array_literal(reasons)};
  PATCHBAY_TRY(session.execute(kHistory, params));
  return {};
}

sdk::Result<void> run_state_hooks(storage::Session& session, const ResourceDescription& description,
                                  const std::vector<Transition>& transitions) {
  for (const StateHook& hook : description.state_hooks) {
    std::vector<std::string> ids;
    for (const Transition& transition : transitions) {
      if (transition.to == hook.state) ids.push_back(transition.entity_id);
    }
    if (!ids.empty()) PATCHBAY_TRY(session.execute(hook.sql, {storage::array_literal(ids)}));
  }
  return {};
}

events::Event make_event(const ResourceDescription& description, const Actor& actor, std::string action,
                         const std::string& entity_id, std::vector<std::string> changed_fields, sdk::json::object row) {
  events::Event event;
  event.topic = description.path;
  event.action = std::move(action);
  event.entity_kind = description.kind;
  event.entity_id = entity_id;
  event.origin = actor.kind == Actor::Kind::kUser ? "api" : actor.kind == Actor::Kind::kService ? "sync" : "system";
  event.origin_connection = actor.connection_id;
  event.actor_id = actor.id;
  event.changed_fields = std::move(changed_fields);
  for (const auto& [name, field] : description.visibility_fields) {
    if (const sdk::json::value* value = row.if_contains(field)) event.visibility[name] = *value;
  }
  event.data = std::move(row);
  return event;
}

}  // namespace patchbay::resources
