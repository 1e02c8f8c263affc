#include "business/entities/routes.hpp"

#include "engine/gateway/operation.hpp"
#include "engine/resources/field_value.hpp"

namespace patchbay::entities {

using resources::RouteParts;

namespace {

/// "jobs" → "Job".
std::string schema_name(std::string_view tag) {
  std::string name(tag.substr(0, tag.size() - 1));
  name.front() = static_cast<char>(name.front() - 'a' + 'A');
  return name;
}

sdk::json::object body_schema(std::string_view method, std::string_view pattern, std::string_view tag) {
  if (pattern == "/jobs/{id}/status") return gateway::shape("status:text reason:text~ createInvoice:boolean~");
  if (pattern == "/appointments/{id}/status") {
    return gateway::shape("status:text reason:text~ actualStartAt:time~ actualEndAt:time~ completionSummary:text~");
  }
  if (pattern.ends_with("/status")) return gateway::shape("status:text reason:text~");
  if (pattern == "/jobs/{id}/assign") return gateway::shape("technicianIds:uuid[]");
  if (pattern == "/appointments/{id}/assign") return gateway::shape("technicianId:uuid?");
  if (pattern.ends_with("/schedule")) return gateway::shape("scheduledStart:time scheduledEnd:time?~");
  if (pattern.ends_with("/notes")) return gateway::shape("body:text isInternal:boolean~");
  if (pattern.ends_with("/lifecycle")) return gateway::shape("stage:text reason:text~");
  if (pattern.ends_with("/communications")) return gateway::component("MessageChange");
  return gateway::component(schema_name(tag) + (method == "POST" ? "" : "Change"));
}

/// What the routes of these files take and answer.
sdk::json::object operation_of(std::string_view method, std::string_view pattern, std::string_view tag) {
  if (method == "GET") return gateway::answers(200, "A list", gateway::list_of(gateway::shape("")));
  if (method == "DELETE") return gateway::answers_nothing(204, "Deleted");
  const bool makes = pattern == "/payments" || pattern.ends_with("/communications");
  sdk::json::object answer =
      gateway::answers(makes ? 201 : 200, "The row as it is then", gateway::component(schema_name(tag)));
  if (pattern.ends_with("/notes"))
    answer = gateway::answers(201, "The note", gateway::shape("id:uuid body:text isInternal:boolean createdAt:time"));
  if (pattern.ends_with("/communications"))
    answer = gateway::answers(201, "The message", gateway::component("Message"));
  return gateway::takes(body_schema(method, pattern, tag), std::move(answer));
}

}  // namespace

gateway::Route blocking_route(std::string method, std::string pattern, std::string permission, std::string tag,
                              std::string summary, gateway::BlockingHandler handler) {
  gateway::Route route;
  route.operation = operation_of(method, pattern, tag);
  route.method = std::move(method);
  route.pattern = std::move(pattern);
  route.permission = std::move(permission);
  route.tag = std::move(tag);
  route.summary = std::move(summary);
  route.handler = std::move(handler);
  return route;
}

sdk::Result<std::string> body_text(const sdk::json::object& body, std::string_view name, std::size_t characters_max) {
  const sdk::json::value* value = body.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string();
  const std::string field(name);
  if (!value->is_string()) return sdk::invalid_error("type.text", field + " must be a text.", field);
  const std::string text(value->get_string());
  if (resources::character_count(text) > characters_max) {
    return sdk::invalid_error("text.too_long",
                              field + " may have at most " + std::to_string(characters_max) + " characters.", field);
  }
  if (text.find('\0') != std::string::npos)
    return sdk::invalid_error("text.nul", field + " must not contain U+0000.", field);
  return text;
}

sdk::Result<http::Response> json_cell_response(const storage::Rows& rows) {
  const auto cell = rows.empty() ? std::nullopt : rows.at(0, std::size_t{0});
  return http::Response::json(200, resources::envelope(cell.value_or("[]")));
}

sdk::Result<void> check_visible(const RouteParts& parts, const resources::ResourceDescription& description,
                                const policy::Principal& principal, const std::string& id) {
  sdk::Result<void> result;
  const auto channel = std::make_shared<resources::DatabaseChannel>(parts.database);
  parts.reader.check_exists(channel, description, principal, id,
                            [&](sdk::Result<void> exists) { result = std::move(exists); });
  return result;
}

gateway::Route move_route(const RouteParts& parts, const resources::ResourceDescription& description,
                          std::string permission) {
  return blocking_route(
      "PATCH", "/" + description.path + "/{id}/status", std::move(permission), description.path,
      "Move to another state: " + description.title,
      [&parts, &description](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
        PATCHBAY_ASSIGN(const std::string status, body_text(body, "status", 50));
        PATCHBAY_ASSIGN(const std::string reason, body_text(body, "reason", 1'000));
        return answer_write(parts, context, description, 200, [&](storage::Session& session, std::vector<sdk::Error>&) {
          return parts.writer.move(session, description, resources::actor_of(context.principal),
                                   context.path_param("id"), status, reason, {});
        });
      });
}

gateway::Routes make_routes(const RouteParts& parts) {
  gateway::Routes routes;
  add_client_routes(parts, routes);
  add_job_routes(parts, routes);
  add_money_routes(parts, routes);
  add_message_routes(parts, routes);
  add_appointment_routes(parts, routes);
  return routes;
}

}  // namespace patchbay::entities
