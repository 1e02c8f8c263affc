#include "business/entities/descriptions.hpp"
#include "engine/resources/field_builder.hpp"

namespace patchbay::entities {

using resources::choice;
using resources::field;
using resources::FieldType;
using resources::ResourceDescription;
using resources::text;

/// Kept where the money is spent (bookkeeping, the field crew's own list); the hub shows it and does not edit it.
ResourceDescription expense_description() {
  ResourceDescription expense;
  expense.kind = "expense";
  expense.path = expense.table = "expenses";
  expense.second_path = "finances/expenses";
  expense.title = "Expense";
  expense.synced = true;
  expense.fields = {field(FieldType::kUuid, "clientId")
                        .also_called("customerId")
                        .references("client")
                        .filterable()
                        .says("The client it was made for, where it is to be charged on."),
                    field(FieldType::kUuid, "jobId").references("job").filterable(),
                    text("title").at_most(255).searchable(),
                    text("vendor").at_most(255).searchable().filterable(),
                    text("category").at_most(255).searchable().filterable(),
                    choice("status", {"paid", "unpaid", "partially_paid"}).defaults_to("paid").filterable(),
                    text("currency").at_most(3).defaults_to("USD").filterable(),
                    field(FieldType::kMoney, "amount").required().not_null().says("Negative for money that came back."),
                    field(FieldType::kMoney, "balance").says("What is left to pay to the vendor."),
                    text("method").at_most(50).filterable(),
                    text("reference").at_most(255).searchable().filterable(),
                    field(FieldType::kTime, "spentAt").filterable().sortable(),
                    field(FieldType::kTime, "dueDate").filterable().sortable(),
                    text("notes"),
                    text("serviceStatus").at_most(50).read_only().says("The status in the service's own word.")};
  expense.read_permission = "read:expenses";
  return expense;
}

}  // namespace patchbay::entities
