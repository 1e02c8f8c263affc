#include "business/entities/descriptions.hpp"
#include "business/entities/settlement.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/field_builder.hpp"

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

ResourceDescription payment_description() {
  ResourceDescription payment;
  payment.kind = "payment";
  payment.path = payment.table = "payments";
  payment.second_path = "finances/payments";
  payment.title = "Payment";
  payment.synced = true;
  payment.fields = {field(FieldType::kUuid, "clientId").also_called("customerId").references("client").filterable(),
                    field(FieldType::kUuid, "invoiceId").references("invoice").filterable(),
                    field(FieldType::kUuid, "jobId").references("job").filterable(),
                    choice("kind", {"payment", "refund"}).defaults_to("payment").filterable(),
                    field(FieldType::kMoney, "amount").required().not_null().says("Negative for a refund."),
                    field(FieldType::kMoney, "refundedAmount").defaults_to("0").read_only(),
                    field(FieldType::kMoney, "disputedAmount")
                        .defaults_to("0")
                        .read_only()
                        .says("What the payer's bank holds back or has taken back."),
                    text("currency").at_most(3).defaults_to("USD").filterable(),
                    text("reference").at_most(255).searchable().filterable(),
                    text("method").at_most(50).searchable().filterable(),
                    choice("status", {"pending", "succeeded", "failed", "refunded", "partially_refunded", "disputed"})
                        .defaults_to("succeeded")
                        .read_only()
                        .filterable(),
                    field(FieldType::kTime, "paidAt").filterable().sortable(),
                    text("notes").hidden_from({"customer_admin", "customer_user"}),
                    text("serviceStatus").at_most(50).read_only().says("The status in the service's own word.")};
  payment.row_filters = {
      {"own", "e.client_id = {client}", [](const policy::Principal& principal, const sdk::json::object& visibility) {
         return is_own_client(principal, visibility);
       }}};
  payment.visibility_fields = {{"clientId", "clientId"}};
  payment.after_write = settle_invoices_of;
  payment.read_permission = "read:payments";
  // Recorded by POST /payments, which settles the invoice with it; what is recorded is not edited.
  return payment;
}

}  // namespace patchbay::entities
