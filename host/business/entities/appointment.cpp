#include "business/entities/descriptions.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/field_builder.hpp"

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

namespace {

bool is_assigned_to(const policy::Principal& principal, const sdk::json::object& visibility) {
  return !principal.user_id.empty() && text_value(visibility, "technicianId") == principal.user_id;
}

void check_schedule(const sdk::json::object& row, std::vector<sdk::Error>& errors) {
  const std::string start = text_value(row, "scheduledStartAt");
  const std::string end = text_value(row, "scheduledEndAt");
  if (start.empty() || end.empty() || start <= end) return;  // one ISO form: texts compare like times
  errors.push_back(
      sdk::invalid_error("schedule.end_before_start", "scheduledEndAt is before scheduledStartAt.", "scheduledEndAt"));
}

std::vector<resources::Field> make_fields() {
  const std::vector<std::string> customers = {"customer_admin", "customer_user"};
  return {
      field(FieldType::kUuid, "clientId").also_called("customerId").references("client").filterable(),
      field(FieldType::kUuid, "jobId").references("job").filterable(),
      field(FieldType::kUuid, "technicianId").read_only().filterable().says("Set by POST /appointments/{id}/assign."),
      text("title").at_most(255).searchable(),
      text("description").searchable(),
      choice("type", {"REMOTE_SESSION", "ONSITE_VISIT"}).defaults_to("ONSITE_VISIT").filterable(),
      choice("status", {"SCHEDULED", "IN_TRANSIT", "IN_PROGRESS", "COMPLETED", "CANCELLED"})
          .defaults_to("SCHEDULED")
          .read_only()
          .filterable(),
      field(FieldType::kTime, "scheduledStartAt").required().filterable().sortable(),
      field(FieldType::kTime, "scheduledEndAt").required().says("Of a day without times: the day after the last."),
      field(FieldType::kBoolean, "isAllDay").defaults_to("false"),
      text("timeZone").at_most(64).says("IANA name; times are UTC all the same."),
      field(FieldType::kTime, "actualStartAt").read_only(),
      field(FieldType::kTime, "actualEndAt").read_only(),
      text("location").searchable(),
      text("remoteSessionUrl").at_most(2'000),
      field(FieldType::kArray, "attendees").not_null().hidden_from(customers),
      text("organizer").at_most(255).read_only(),
      field(FieldType::kTextList, "recurrence").not_null().read_only().says("iCalendar rules of a series."),
      text("seriesKey").at_most(255).read_only().filterable().says("The series that this one belongs to."),
      text("customerNotes"),
      text("technicianNotes").hidden_from(customers),
      text("completionSummary"),
      text("serviceUrl").read_only().says("Where the service shows it."),
      text("serviceStatus").at_most(50).read_only().says("The status in the service's own word.")};
}

}  // namespace

ResourceDescription appointment_description() {
  ResourceDescription appointment;
  appointment.kind = "appointment";
  appointment.path = appointment.table = "appointments";
  appointment.title = "Appointment";
  appointment.workflow = "appointment";
  appointment.synced = true;
  appointment.fields = make_fields();
  appointment.row_filters = {
      {"assigned", "e.technician_id = {user}", is_assigned_to},
      {"own", "e.client_id = {client}", [](const policy::Principal& principal, const sdk::json::object& visibility) {
         return is_own_client(principal, visibility);
       }}};
  appointment.visibility_fields = {{"clientId", "clientId"}, {"technicianId", "technicianId"}};
  appointment.assigned_field = "technicianId";
  appointment.move_times = {{"IN_PROGRESS", "actualStartAt"}, {"COMPLETED", "actualEndAt"}};
  appointment.check_row = check_schedule;
  appointment.default_sort = "scheduledStartAt";
  appointment.read_permission = "read:appointments";
  // PUT and PATCH are written by hand: they also call an appointment off.
  appointment.create_permission = appointment.delete_permission = "write:appointments";
  return appointment;
}

}  // namespace patchbay::entities
