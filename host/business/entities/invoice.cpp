#include "business/entities/descriptions.hpp"
#include "business/entities/job_revenue.hpp"
#include "business/entities/settlement.hpp"
#include "business/entities/visibility.hpp"
#include "engine/resources/field_builder.hpp"

#include <patchbay/sdk/money.hpp>

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

namespace {

sdk::Money amount_of(const sdk::json::object& row, std::string_view name, const std::string& currency) {
  const std::string text = text_value(row, name);
  return sdk::parse_money(text.empty() ? "0" : text, currency).value_or(sdk::Money{0, currency});
}

/// A new total changes what is left to pay by as much as the total.
sdk::json::object derive_balance(const sdk::json::object& body, const sdk::json::object* current) {
  const sdk::json::value* total = body.if_contains("totalAmount");
  if (total == nullptr) return {};
  std::string currency = text_value(body, "currency");
  if (currency.empty()) currency = current != nullptr ? text_value(*current, "currency") : "USD";
  const std::string text = sdk::scalar_text(*total).value_or("0");
  sdk::Money balance = sdk::parse_money(text, currency).value_or(sdk::Money{0, currency});
  if (current != nullptr) {
    balance.minor -=
        amount_of(*current, "totalAmount", currency).minor - amount_of(*current, "balance", currency).minor;
  }
  return {{"balance", sdk::format_money(balance)}};
}

void check_balance(const sdk::json::object& row, std::vector<sdk::Error>& errors) {
  const bool negative = text_value(row, "balance").starts_with('-') && !text_value(row, "totalAmount").starts_with('-');
  if (!negative) return;
  errors.push_back(
      sdk::invalid_error("invoice.below_paid", "totalAmount is less than what has been paid.", "totalAmount"));
}

sdk::Result<void> follow_up(const resources::Writer& writer, storage::Session& session, const resources::Actor& actor,
                            const std::vector<std::string>& ids) {
  PATCHBAY_TRY(settle_invoices(writer, session, actor, ids));
  return update_actual_revenue(writer, session, actor, ids);
}

}  // namespace

ResourceDescription invoice_description() {
  ResourceDescription invoice;
  invoice.kind = "invoice";
  invoice.path = invoice.table = "invoices";
  invoice.second_path = "finances/invoices";
  invoice.title = "Invoice";
  invoice.workflow = "invoice";
  invoice.synced = true;
  invoice.fields = {
      field(FieldType::kUuid, "clientId").required().also_called("customerId").references("client").filterable(),
      field(FieldType::kUuid, "jobId").references("job").filterable(),
      field(FieldType::kUuid, "estimateId").references("estimate").filterable(),
      text("number").at_most(100).searchable().filterable(),
      text("subject").at_most(255).searchable(),
      choice("status", {"draft", "sent", "partially_paid", "paid", "overdue", "void"})
          .defaults_to("draft")
          .read_only()
          .filterable(),
      text("currency").at_most(3).defaults_to("USD").filterable(),
      field(FieldType::kMoney, "subtotal"),
      field(FieldType::kMoney, "tax"),
      field(FieldType::kMoney, "totalAmount").defaults_to("0").also_called("total_amount"),
      field(FieldType::kMoney, "balance").defaults_to("0").read_only().says("What is left to pay."),
      field(FieldType::kMoney, "serviceBalance").read_only().says("What the invoice's own service says is left."),
      field(FieldType::kArray, "lineItems").not_null(),
      text("notes"),
      field(FieldType::kTime, "issuedAt").filterable(),
      field(FieldType::kTime, "dueDate").filterable().sortable(),
      field(FieldType::kTime, "paymentDate").read_only(),
      text("serviceStatus").at_most(50).read_only().says("The status in the service's own word.")};
  invoice.row_filters = {{"own", "e.client_id = {client} and e.status <> 'draft'",
                          [](const policy::Principal& principal, const sdk::json::object& visibility) {
                            return is_own_client(principal, visibility) && text_value(visibility, "status") != "draft";
                          }}};
  invoice.visibility_fields = {{"clientId", "clientId"}, {"status", "status"}};
  invoice.move_times = {{"sent", "issuedAt"}, {"paid", "paymentDate"}};
  invoice.move_actions = {{"paid", "invoice.paid"}};
  invoice.after_write = follow_up;
  invoice.derive = derive_balance;
  invoice.check_row = check_balance;
  invoice.closed_states = {"paid", "void"};
  invoice.deletable_states = {"draft", "void"};
  invoice.read_permission = "read:invoices";
  invoice.create_permission = invoice.write_permission = invoice.delete_permission = "write:invoices";
  invoice.children = {{"payments", "payment", "invoiceId"}};
  return invoice;
}

}  // namespace patchbay::entities
