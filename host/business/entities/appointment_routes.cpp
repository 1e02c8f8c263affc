#include "business/entities/routes.hpp"
#include "business/entities/visibility.hpp"
#include "platform/base/ids.hpp"

#include <algorithm>
#include <array>

namespace patchbay::entities {
namespace {

namespace json = sdk::json;
using resources::RouteParts;

const resources::ResourceDescription& appointments(const RouteParts& parts) {
  return *parts.registry.find("appointment");
}

sdk::Result<void> check_technician(storage::Session& session, const std::string& user_id) {
  PATCHBAY_ASSIGN(const auto rows,
                  session.execute("select 1 from users where id = $1::uuid and role in ('technician', 'manager') and "
                                  "status = 'ACTIVE' and deleted_at is null",
                                  {user_id}));
  if (!rows.empty()) return {};
  return sdk::invalid_error("reference.not_found", "That is no active technician.", "technicianId");
}

/// {technicianId}; null takes the technician off.
gateway::BlockingHandler assign_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    const json::value* given = body.if_contains("technicianId");
    if (given == nullptr) return sdk::invalid_error("required", "technicianId is required.", "technicianId");
    const std::string technician = text_value(body, "technicianId");
    if (!given->is_null() && !base::is_uuid(technician))
      return sdk::invalid_error("uuid.malformed", "technicianId must be the id of a technician.", "technicianId");
    return answer_write(
        parts, context, appointments(parts), 200,
        [&](storage::Session& session, std::vector<sdk::Error>&) -> sdk::Result<resources::WriteOutcome> {
          if (!technician.empty()) PATCHBAY_TRY(check_technician(session, technician));
          const json::object values{{"technicianId", *given}};
          return parts.writer.amend(session, appointments(parts), resources::actor_of(context.principal),
                                    context.path_param("id"), values);
        });
  };
}

/// Who works remotely travels nowhere.
sdk::Result<void> check_travel(const json::object& appointment, const std::string& status) {
  if (status != "IN_TRANSIT" || text_value(appointment, "type") != "REMOTE_SESSION") return {};
  return sdk::conflict_error("workflow.illegal_move", "A remote session is never IN_TRANSIT.");
}

constexpr std::array<std::string_view, 5> kMoveMembers = {"status", "reason", "actualStartAt", "actualEndAt",
                                                          "completionSummary"};

/// {status, reason?, actualStartAt?, actualEndAt?, completionSummary?}.
sdk::Result<resources::WriteOutcome> move(const RouteParts& parts, storage::Session& session,
                                          const gateway::RequestContext& context, const json::object& body) {
  for (const auto& [name, value] : body) {
    if (std::find(kMoveMembers.begin(), kMoveMembers.end(), std::string_view(name)) == kMoveMembers.end())
      return sdk::invalid_error("unknown_field", "It cannot be given together with a status.", std::string(name));
  }
  const resources::Actor actor = resources::actor_of(context.principal);
  const std::string& id = context.path_param("id");
  PATCHBAY_ASSIGN(const std::string status, body_text(body, "status", 50));
  PATCHBAY_ASSIGN(const std::string reason, body_text(body, "reason", 1'000));
  PATCHBAY_ASSIGN(const json::object before, parts.writer.lock(session, appointments(parts), actor, id));
  PATCHBAY_TRY(check_travel(before, status));
  json::object also;
  for (const char* name : {"actualStartAt", "actualEndAt", "completionSummary"}) {
    if (const json::value* value = body.if_contains(name)) also[name] = *value;
  }
  return parts.writer.move(session, appointments(parts), actor, id, status, reason, also);
}

gateway::BlockingHandler status_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    return answer_write(
        parts, context, appointments(parts), 200,
        [&](storage::Session& session, std::vector<sdk::Error>&) { return move(parts, session, context, body); });
  };
}

/// Changes the given fields; {status, reason?} alone moves, which is how an appointment is called off.
gateway::BlockingHandler change_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    const resources::IfMatch versions = resources::if_match(context.request);
    return answer_write(
        parts, context, appointments(parts), 200, [&](storage::Session& session, std::vector<sdk::Error>& errors) {
          if (body.contains("status")) return move(parts, session, context, body);
          return parts.writer.update(session, appointments(parts), resources::actor_of(context.principal),
                                     context.path_param("id"), body, versions, errors);
        });
  };
}

}  // namespace

void add_appointment_routes(const RouteParts& parts, gateway::Routes& routes) {
  const auto add = [&](const char* method, const char* action, const char* permission, const char* summary,
                       gateway::BlockingHandler handler) {
    routes.push_back(blocking_route(method, std::string("/appointments/{id}") + action, permission, "appointments",
                                    summary, std::move(handler)));
  };
  for (const char* method : {"PUT", "PATCH"})
    add(method, "", "write:appointments", "Change the given fields, or call it off", change_handler(parts));
  add("POST", "/assign", "appointments:assign", "Assign a technician, or nobody", assign_handler(parts));
  add("POST", "/status", "appointments:move", "Move an appointment to another state", status_handler(parts));
}

}  // namespace patchbay::entities
