#include "business/entities/billing.hpp"
#include "business/entities/routes.hpp"
#include "platform/base/ids.hpp"

#include <algorithm>

namespace patchbay::entities {
namespace {

namespace json = sdk::json;
using resources::RouteParts;

bool is_customer(const policy::Principal& principal) {
  return principal.role.starts_with("customer");
}

/// `technicianIds`, `assignedTo` or, for one, `technicianId`.
sdk::Result<std::vector<std::string>> technicians_of(const json::object& body) {
  std::vector<std::string> ids;
  for (const char* name : {"technicianIds", "assignedTo", "technicianId"}) {
    const json::value* value = body.if_contains(name);
    if (value == nullptr) continue;
    const json::array several = value->is_array() ? value->get_array() : json::array{*value};
    for (const json::value& item : several) {
      if (!item.is_string() || !base::is_uuid(std::string_view(item.get_string()))) {
        return sdk::invalid_error("uuid.malformed", std::string(name) + " must hold ids of technicians.", name);
      }
      std::string id(item.get_string());
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
    }
  }
  if (ids.empty()) return sdk::invalid_error("required", "technicianIds is required.", "technicianIds");
  if (ids.size() > 20)
    return sdk::invalid_error("list.too_long", "At most 20 technicians can be assigned.", "technicianIds");
  return ids;
}

sdk::Result<void> check_technicians(storage::Session& session, const std::vector<std::string>& ids) {
  PATCHBAY_ASSIGN(const auto rows,
                  session.execute("select count(*) as found from users where id = any ($1::uuid[]) and "
                                  "role = 'technician' and status = 'ACTIVE' and deleted_at is null",
                                  {storage::array_literal(ids)}));
  if (static_cast<std::size_t>(rows.integer(0, "found")) == ids.size()) return {};
  return sdk::invalid_error("reference.not_found", "Not all of them are active technicians.", "technicianIds");
}

/// Confirmed jobs become assigned; assigned and dispatched ones keep their state with other technicians.
sdk::Result<resources::WriteOutcome> assign(const RouteParts& parts, storage::Session& session,
                                            const gateway::RequestContext& context,
                                            const std::vector<std::string>& ids) {
  const auto& description = *parts.registry.find("job");
  const resources::Actor actor = resources::actor_of(context.principal);
  const std::string& job_id = context.path_param("id");
  PATCHBAY_TRY(check_technicians(session, ids));
  PATCHBAY_ASSIGN(const json::object job, parts.writer.lock(session, description, actor, job_id));
  const json::object values{{"assignedTo", json::value_from(ids)}};
  const std::string status(job.at("status").get_string());
  if (status == "assigned" || status == "dispatched")
    return parts.writer.amend(session, description, actor, job_id, values);
  return parts.writer.move(session, description, actor, job_id, "assigned", "", values);
}

gateway::BlockingHandler assign_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    PATCHBAY_ASSIGN(const auto ids, technicians_of(body));
    return answer_write(
        parts, context, *parts.registry.find("job"), 200,
        [&](storage::Session& session, std::vector<sdk::Error>&) { return assign(parts, session, context, ids); });
  };
}

gateway::BlockingHandler schedule_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    json::object times;
    for (const auto& [name, value] : body) {
      if (name != "scheduledStart" && name != "scheduledEnd") {
        return sdk::invalid_error("unknown_field", "Only scheduledStart and scheduledEnd can be given.",
                                  std::string(name));
      }
      times[name] = value;
    }
    if (!times.contains("scheduledStart"))
      return sdk::invalid_error("required", "scheduledStart is required.", "scheduledStart");
    return answer_write(parts, context, *parts.registry.find("job"), 200,
                        [&](storage::Session& session, std::vector<sdk::Error>& errors) {
                          return parts.writer.update(session, *parts.registry.find("job"),
                                                     resources::actor_of(context.principal), context.path_param("id"),
                                                     times, std::nullopt, errors);
                        });
  };
}

gateway::BlockingHandler status_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    PATCHBAY_ASSIGN(const std::string status, body_text(body, "status", 50));
    PATCHBAY_ASSIGN(const std::string reason, body_text(body, "reason", 1'000));
    const json::value* create_invoice = body.if_contains("createInvoice");
    const bool make_invoice = create_invoice != nullptr && create_invoice->is_bool() && create_invoice->get_bool();
    const auto& description = *parts.registry.find("job");
    return answer_write(parts, context, description, 200, [&](storage::Session& session, std::vector<sdk::Error>&) {
      auto moved = parts.writer.move(session, description, resources::actor_of(context.principal),
                                     context.path_param("id"), status, reason, {});
      if (!moved.ok() || status != "billed") return moved;
      // Billing is refused after the move has been found legal, so that the reasons are told in order.
      if (auto billed = ensure_invoice(parts, session, context.principal, moved->row, make_invoice); !billed.ok()) {
        return sdk::Result<resources::WriteOutcome>(std::move(billed).error());
      }
      return moved;
    });
  };
}

constexpr std::string_view kAddNote =
    "insert into job_notes (id, job_id, author_id, body, is_internal) values ($1::uuid, $2::uuid, $3::uuid, $4::text, "
    "$5::boolean) "
    "returning json_build_object('id', id, 'jobId', job_id, 'authorId', author_id, 'body', body, 'isInternal', "
    "is_internal, "
    "'createdAt', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')) as note";

gateway::BlockingHandler note_handler(const RouteParts& parts) {
  return [&parts](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
    PATCHBAY_ASSIGN(const std::string text, body_text(body, body.contains("note") ? "note" : "body", 10'000));
    if (text.empty()) return sdk::invalid_error("required", "body is required.", "body");
    const json::value* internal = body.if_contains("isInternal");
    if (internal != nullptr && !internal->is_bool()) {
      return sdk::invalid_error("type.boolean", "isInternal must be true or false.", "isInternal");
    }
    const bool is_internal = internal == nullptr || internal->get_bool();
    const std::string& job_id = context.path_param("id");
    PATCHBAY_TRY(check_visible(parts, *parts.registry.find("job"), context.principal, job_id));
    PATCHBAY_ASSIGN(const auto rows, parts.database.query(storage::Lane::kInteractive, kAddNote,
                                                          {base::new_uuid(), job_id, context.principal.user_id, text,
                                                           std::string(is_internal ? "true" : "false")}));
    return http::Response::json(201, resources::envelope(rows.text(0, "note")));
  };
}

/// Moves and notes by time; customers see no internal notes and nobody's reasons.
constexpr std::string_view kHistory =
    "select coalesce(json_agg(json_build_object('id', h.id, 'kind', h.kind, 'at', to_char(h.at at time zone 'UTC', "
    "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), 'actor', json_build_object('kind', h.actor_kind, 'id', h.actor_id, 'name', "
    "u.name), "
    "'from', h.from_status, 'to', h.to_status, 'reason', h.reason, 'body', h.body, 'isInternal', h.is_internal) order "
    "by h.at, h.id), "
    "'[]') as history from (select * from ("
    "(select s.id::text as id, 'status' as kind, s.at, s.actor_kind, s.actor_id, s.from_status, s.to_status, "
    "case when $2::boolean then null else s.reason end as reason, null as body, false as is_internal from "
    "status_history s "
    "where s.entity_kind = 'job' and s.entity_id = $1::uuid order by s.id desc limit 500) union all "
    "(select n.id::text, 'note', n.created_at, 'user', n.author_id::text, null, null, null, n.body, n.is_internal from "
    "job_notes n "
    "where n.job_id = $1::uuid and not (n.is_internal and $2::boolean) order by n.created_at desc limit 500)) a "
    "order by a.at desc limit 500) h left join users u on u.id::text = h.actor_id and h.actor_kind = 'user'";

gateway::BlockingHandler history_handler(const RouteParts& parts, bool notes_only) {
  return [&parts, notes_only](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
    const std::string& job_id = context.path_param("id");
    PATCHBAY_TRY(check_visible(parts, *parts.registry.find("job"), context.principal, job_id));
    const std::string customer = is_customer(context.principal) ? "true" : "false";
    PATCHBAY_ASSIGN(const auto rows, parts.database.query(storage::Lane::kInteractive, kHistory, {job_id, customer}));
    if (!notes_only) return json_cell_response(rows);
    json::array notes;
    const json::value history = json::parse(rows.text(0, "history"));
    for (const json::value& entry : history.get_array()) {
      if (entry.at("kind") == "note") notes.push_back(entry);
    }
    return gateway::data_response(200, notes);
  };
}

}  // namespace

void add_job_routes(const RouteParts& parts, gateway::Routes& routes) {
  const auto add = [&](const char* method, const char* action, const char* permission, const char* summary,
                       gateway::BlockingHandler handler) {
    routes.push_back(
        blocking_route(method, std::string("/jobs/{id}/") + action, permission, "jobs", summary, std::move(handler)));
  };
  add("PATCH", "status", "jobs:move", "Move a job to another state", status_handler(parts));
  add("POST", "assign", "jobs:assign", "Assign technicians", assign_handler(parts));
  add("POST", "schedule", "jobs:schedule", "Set when the work is done", schedule_handler(parts));
  add("POST", "notes", "jobs:notes", "Add a note", note_handler(parts));
  add("GET", "notes", "read:jobs", "Notes of a job", history_handler(parts, true));
  add("GET", "history", "read:jobs", "Moves and notes of a job, oldest first", history_handler(parts, false));
}

}  // namespace patchbay::entities
