#include "business/entities/descriptions.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/field_builder.hpp"

#include <algorithm>
#include <array>

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

namespace {

const std::vector<std::string> kStates = {"tentative",   "confirmed", "assigned", "dispatched",
                                          "in_progress", "completed", "billed",   "cancelled"};

bool is_confirmed(const policy::Principal&, const sdk::json::object& visibility) {
  const std::string furthest = text_value(visibility, "furthestStatus");
  return !furthest.empty() && furthest != "tentative";
}

bool is_dispatched_to(const policy::Principal& principal, const sdk::json::object& visibility) {
  static constexpr std::array<std::string_view, 4> kSeen = {"dispatched", "in_progress", "completed", "billed"};
  if (std::find(kSeen.begin(), kSeen.end(), text_value(visibility, "furthestStatus")) == kSeen.end()) return false;
  const sdk::json::value* assigned = visibility.if_contains("assignedTo");
  if (assigned == nullptr || !assigned->is_array()) return false;
  return std::any_of(assigned->get_array().begin(), assigned->get_array().end(), [&](const sdk::json::value& user) {
    return user.is_string() && std::string_view(user.get_string()) == principal.user_id;
  });
}

void check_schedule(const sdk::json::object& row, std::vector<sdk::Error>& errors) {
  const std::string start = text_value(row, "scheduledStart");
  const std::string end = text_value(row, "scheduledEnd");
  if (start.empty() || end.empty() || start <= end) return;  // one ISO form: texts compare like times
  errors.push_back(
      sdk::invalid_error("schedule.end_before_start", "scheduledEnd is before scheduledStart.", "scheduledEnd"));
}

}  // namespace

ResourceDescription job_description() {
  const std::string edit = "jobs:edit";  // without it: title, description, priority, tags, schedule
  const std::vector<std::string> money = {"technician", "customer_admin", "customer_user"};
  ResourceDescription job;
  job.kind = "job";
  job.path = job.table = "jobs";
  job.title = "Job";
  job.workflow = "job";
  job.synced = true;
  job.fields = {field(FieldType::kUuid, "clientId")
                    .required()
                    .also_called("customerId")
                    .references("client")
                    .filterable()
                    .written_with(edit),
                field(FieldType::kUuid, "estimateId").references("estimate").filterable().written_with(edit),
                text("number").at_most(100).searchable().filterable().written_with(edit),
                text("title").required().not_null().at_most(255).searchable(),
                text("description").searchable(),
                choice("status", kStates).defaults_to("tentative").read_only().filterable(),
                choice("furthestStatus", kStates)
                    .defaults_to("tentative")
                    .read_only()
                    .hidden_from({"customer_admin", "customer_user"}),
                choice("priority", {"LOW", "MEDIUM", "HIGH", "CRITICAL"}).defaults_to("MEDIUM").filterable(),
                field(FieldType::kTime, "scheduledStart").filterable().sortable(),
                field(FieldType::kTime, "scheduledEnd"),
                field(FieldType::kTime, "actualStart").read_only(),
                field(FieldType::kTime, "actualEnd").read_only(),
                text("currency").at_most(3).defaults_to("USD").written_with(edit),
                field(FieldType::kMoney, "estimatedRevenue").hidden_from(money).written_with(edit),
                field(FieldType::kMoney, "actualRevenue").read_only().hidden_from(money),
                field(FieldType::kUuidList, "assignedTo")
                    .not_null()
                    .read_only()
                    .filterable()
                    .says("Set by POST /jobs/{id}/assign."),
                field(FieldType::kTextList, "tags").not_null().filterable(),
                field(FieldType::kObject, "customFields").not_null().written_with(edit),
                text("serviceStatus").at_most(50).read_only().says("The status in the service's own word.")};
  // A cancelled job is seen by who could see it before: the furthest state decides.
  job.row_filters = {
      {"confirmed", "e.furthest_status <> 'tentative'", is_confirmed},
      {"assigned",
       "e.assigned_to @> array[{user}] and e.furthest_status in ('dispatched', 'in_progress', 'completed', 'billed')",
       is_dispatched_to},
      {"own", "e.client_id = {client}", [](const policy::Principal& principal, const sdk::json::object& visibility) {
         return is_own_client(principal, visibility);
       }}};
  job.visibility_fields = {{"clientId", "clientId"},
                           {"assignedTo", "assignedTo"},
                           {"status", "status"},
                           {"furthestStatus", "furthestStatus"}};
  job.furthest_field = "furthestStatus";
  job.assigned_field = "assignedTo";
  job.move_times = {{"in_progress", "actualStart"}, {"completed", "actualEnd"}};
  job.state_hooks = {{"completed",
                      "insert into service_history (id, client_id, job_id, title, completed_at) select "
                      "gen_random_uuid(), j.client_id, "
                      "j.id, j.title, coalesce(j.actual_end, now()) from jobs j where j.id = any ($1::uuid[]) on "
                      "conflict (job_id) do nothing"}};
  job.closed_states = {"billed"};
  job.deletable_states = {"tentative", "cancelled"};
  job.check_row = check_schedule;
  job.read_permission = "read:jobs";
  job.create_permission = "jobs:create";
  job.write_permission = "write:jobs";
  job.delete_permission = "jobs:delete";
  job.children = {{"invoices", "invoice", "jobId"},
                  {"payments", "payment", "jobId"},
                  {"expenses", "expense", "jobId"},
                  {"messages", "message", "jobId"},
                  {"appointments", "appointment", "jobId"}};
  return job;
}

}  // namespace patchbay::entities
