#include "business/entities/descriptions.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/field_builder.hpp"

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

ResourceDescription message_description() {
  ResourceDescription message;
  message.kind = "message";
  message.path = message.table = "messages";
  message.title = "Message";
  message.synced = true;
  message.fields = {field(FieldType::kUuid, "clientId").also_called("customerId").references("client").filterable(),
                    field(FieldType::kUuid, "jobId").references("job").filterable(),
                    choice("channel", {"email", "sms", "slack", "phone", "note"}).required().not_null().filterable(),
                    choice("direction", {"inbound", "outbound"}).required().not_null().filterable(),
                    text("subject").at_most(255).services_may_exceed().searchable(),
                    text("fromAddress").at_most(255).searchable(),
                    text("toAddress").at_most(255).searchable(),
                    text("body"),
                    choice("status", {"queued", "sent", "delivered", "read", "failed", "received"})
                        .defaults_to("queued")
                        .read_only()
                        .filterable(),
                    text("threadKey").at_most(255).read_only().filterable(),
                    field(FieldType::kBoolean, "isInternal").defaults_to("false"),
                    field(FieldType::kTime, "sentAt")
                        .read_only()
                        .sortable()
                        .says("When it was said; while it waits to be sent, when it was asked for."),
                    field(FieldType::kTime, "deliveredAt").read_only(),
                    field(FieldType::kTime, "readAt").read_only(),
                    field(FieldType::kArray, "reactions").read_only().says("[{name, count, users}] of the service."),
                    text("provider").at_most(160).read_only().says("Who took it: smtp, or connector/connection."),
                    text("failureReason").at_most(500).read_only(),
                    text("serviceStatus").at_most(50).read_only().says("The status in the service's own word.")};
  message.row_filters = {{"own", "e.client_id = {client} and not e.is_internal",
                          [](const policy::Principal& principal, const sdk::json::object& visibility) {
                            const sdk::json::value* internal = visibility.if_contains("isInternal");
                            return is_own_client(principal, visibility) && internal != nullptr && internal->is_bool() &&
                                   !internal->get_bool();
                          }},
                         {"assigned", "e.job_id in (select j.id " + std::string(kDispatchedJobs) + ")", nullptr}};
  message.visibility_fields = {{"clientId", "clientId"}, {"isInternal", "isInternal"}};
  message.default_sort = "-sentAt";
  message.read_permission = "read:messages";
  return message;
}

}  // namespace patchbay::entities
