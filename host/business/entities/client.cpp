#include "business/entities/descriptions.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/field_builder.hpp"

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

ResourceDescription client_description() {
  // With "write:clients" alone (a customer's administrator) only contact fields can be changed.
  const std::string manage = "clients:manage";
  ResourceDescription client;
  client.kind = "client";
  client.path = client.table = "clients";
  client.second_path = "customers";
  client.title = "Client";
  client.synced = true;
  client.fields = {
      text("name").required().not_null().at_most(255).searchable().filterable().sortable().written_with(manage),
      choice("type", {"INDIVIDUAL", "BUSINESS", "EDUCATION", "GOVERNMENT", "NONPROFIT"})
          .defaults_to("INDIVIDUAL")
          .filterable()
          .written_with(manage),
      field(FieldType::kEmail, "email")
          .at_most(255)
          .also_called("contactEmail", true)
          .searchable()
          .filterable()
          .identifies(),
      field(FieldType::kPhone, "phone")
          .at_most(50)
          .also_called("contactPhone", true)
          .searchable()
          .filterable()
          .normalized_into("phoneE164")
          .identifies(),
      text("phoneE164").at_most(20).read_only().searchable().filterable().says("The phone number in E.164 form."),
      field(FieldType::kTextList, "unverifiedContacts")
          .not_null()
          .read_only()
          .says(
              "Contacts that a registration or a customer entered and nobody has confirmed: no record of a service is "
              "tied to the client by them. Staff confirms one by writing it, unchanged too."),
      field(FieldType::kObject, "address").address().says("Where the work is done."),
      field(FieldType::kObject, "billingAddress").address(),
      choice("status", {"ACTIVE", "SUSPENDED", "CLOSED"}).defaults_to("ACTIVE").filterable().written_with(manage),
      choice("lifecycleStage", {"lead", "prospect", "active", "inactive", "lost"})
          .defaults_to("active")
          .filterable()
          .written_with(manage),
      field(FieldType::kTextList, "tags").not_null().filterable().written_with(manage),
      field(FieldType::kObject, "customFields").not_null().written_with(manage),
      text("notes").written_with(manage).hidden_from({"customer_admin", "customer_user"})};
  client.unverified_field = "unverifiedContacts";
  client.row_filters = {
      {"own", "e.id = {client}",
       [](const policy::Principal& principal, const sdk::json::object& visibility) {
         return is_own_client(principal, visibility);
       }},
      // Whether a client has work of the technician cannot be told from the client's own event: none are sent.
      {"assigned", "e.id in (select j.client_id " + std::string(kDispatchedJobs) + ")", nullptr}};
  client.visibility_fields = {{"clientId", "id"}};
  client.read_permission = "read:clients";
  client.list_permission = "list:clients";
  client.create_permission = "create:clients";
  client.write_permission = "write:clients";
  client.delete_permission = "delete:clients";
  client.children = {{"jobs", "job", "clientId"},
                     {"estimates", "estimate", "clientId"},
                     {"invoices", "invoice", "clientId"},
                     {"payments", "payment", "clientId"},
                     {"expenses", "expense", "clientId"},
                     {"appointments", "appointment", "clientId"},
                     {"communications", "message", "clientId"}};
  return client;
}

}  // namespace patchbay::entities
