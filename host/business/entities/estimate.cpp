#include "business/entities/descriptions.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/field_builder.hpp"

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

ResourceDescription estimate_description() {
  const std::vector<std::string> technician = {"technician"};  // sees the estimate of his work, not its amounts
  ResourceDescription estimate;
  estimate.kind = "estimate";
  estimate.path = estimate.table = "estimates";
  estimate.title = "Estimate";
  estimate.workflow = "estimate";
  estimate.synced = true;
  estimate.fields = {
      field(FieldType::kUuid, "clientId").required().also_called("customerId").references("client").filterable(),
      text("number").at_most(100).searchable().filterable(),
      text("title").at_most(255).searchable(),
      choice("status", {"draft", "sent", "approved", "declined", "expired"})
          .defaults_to("draft")
          .read_only()
          .filterable(),
      text("currency").at_most(3).defaults_to("USD").filterable(),
      field(FieldType::kMoney, "subtotal").hidden_from(technician),
      field(FieldType::kMoney, "tax").hidden_from(technician),
      field(FieldType::kMoney, "total").hidden_from(technician),
      field(FieldType::kArray, "lineItems").not_null().hidden_from(technician),
      text("notes"),
      field(FieldType::kTime, "sentAt").read_only(),
      field(FieldType::kTime, "validUntil"),
      field(FieldType::kTime, "approvedAt").read_only(),
      field(FieldType::kTime, "declinedAt").read_only(),
      text("serviceStatus").at_most(50).read_only().says("The status in the service's own word.")};
  estimate.row_filters = {{"own", "e.client_id = {client} and e.status <> 'draft'",
                           [](const policy::Principal& principal, const sdk::json::object& visibility) {
                             return is_own_client(principal, visibility) && text_value(visibility, "status") != "draft";
                           }},
                          {"assigned", "e.id in (select j.estimate_id " + std::string(kDispatchedJobs) + ")", nullptr}};
  estimate.visibility_fields = {{"clientId", "clientId"}, {"status", "status"}};
  estimate.move_times = {{"sent", "sentAt"}, {"approved", "approvedAt"}, {"declined", "declinedAt"}};
  estimate.closed_states = {"approved"};
  estimate.deletable_states = {"draft", "declined", "expired"};
  estimate.read_permission = "read:estimates";
  estimate.create_permission = estimate.write_permission = estimate.delete_permission = "write:estimates";
  return estimate;
}

}  // namespace patchbay::entities
