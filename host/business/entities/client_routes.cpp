#include "business/entities/routes.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/change_record.hpp"

namespace patchbay::entities {
namespace {

namespace json = sdk::json;
using resources::RouteParts;

constexpr std::string_view kServiceHistory =
    "select coalesce(json_agg(json_build_object('id', s.id, 'clientId', s.client_id, 'jobId', s.job_id, 'title', "
    "s.title, "
    "'completedAt', to_char(s.completed_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')) order by "
    "s.completed_at desc), "
    "'[]') as history from (select * from service_history where client_id = $1::uuid order by completed_at desc limit "
    "500) s";

gateway::BlockingHandler service_history_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    const std::string& id = context.path_param("id");
    PATCHBAY_TRY(check_visible(parts, *parts.registry.find("client"), context.principal, id));
    PATCHBAY_ASSIGN(const auto rows, parts.database.query(storage::Lane::kInteractive, kServiceHistory, {id}));
    return json_cell_response(rows);
  };
}

/// A stage is no state machine (any move is legal), but who moved it and when is kept all the same.
gateway::BlockingHandler lifecycle_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    PATCHBAY_ASSIGN(const std::string stage, body_text(body, body.contains("stage") ? "stage" : "lifecycleStage", 20));
    PATCHBAY_ASSIGN(const std::string reason, body_text(body, "reason", 1'000));
    const auto& description = *parts.registry.find("client");
    const resources::Actor actor = resources::actor_of(context.principal);
    const std::string& id = context.path_param("id");
    return answer_write(
        parts, context, description, 200,
        [&](storage::Session& session, std::vector<sdk::Error>& errors) -> sdk::Result<resources::WriteOutcome> {
          PATCHBAY_ASSIGN(const json::object before, parts.writer.lock(session, description, actor, id));
          const json::object change{{"lifecycleStage", stage}};
          PATCHBAY_ASSIGN(auto outcome,
                          parts.writer.update(session, description, actor, id, change, std::nullopt, errors));
          if (outcome.changed_fields.empty()) return outcome;
          PATCHBAY_TRY(
              append_history(session, description, actor, {{id, text_value(before, "lifecycleStage"), stage, reason}}));
          return outcome;
        });
  };
}

/// Records what was said; sends nothing.
gateway::BlockingHandler communication_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(json::object body, gateway::json_body(context.request));
    const auto& messages = *parts.registry.find("message");
    const std::string& id = context.path_param("id");
    PATCHBAY_TRY(check_visible(parts, *parts.registry.find("client"), context.principal, id));
    body["clientId"] = id;
    body.erase("customerId");
    if (!body.contains("direction")) body["direction"] = "outbound";
    if (text_value(body, "channel") == "note") body["isInternal"] = true;
    return answer_write(
        parts, context, messages, 201,
        [&](storage::Session& session, std::vector<sdk::Error>& errors) -> sdk::Result<resources::WriteOutcome> {
          const resources::Actor actor = resources::actor_of(context.principal);
          PATCHBAY_ASSIGN(const auto created, parts.writer.create(session, messages, actor, body, errors));
          const std::string status = text_value(created.row, "direction") == "inbound" ? "received" : "sent";
          resources::Actor hub = actor;
          hub.principal.kind = policy::Principal::Kind::kSystem;
          return parts.writer.amend(session, messages, hub, created.entity_id, {{"status", status}});
        });
  };
}

}  // namespace

void add_client_routes(const RouteParts& parts, gateway::Routes& routes) {
  for (const std::string path : {"/clients", "/customers"}) {
    routes.push_back(blocking_route("GET", path + "/{id}/service-history", "read:clients", "clients",
                                    "Finished work of a client, newest first", service_history_handler(parts)));
    routes.push_back(blocking_route("PUT", path + "/{id}/lifecycle", "clients:manage", "clients",
                                    "Move a client to another stage", lifecycle_handler(parts)));
    routes.push_back(blocking_route("POST", path + "/{id}/communications", "write:messages", "clients",
                                    "Record a communication without sending it", communication_handler(parts)));
  }
}

}  // namespace patchbay::entities
