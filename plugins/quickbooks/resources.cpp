#include "resources.hpp"

#include <algorithm>

namespace patchbay::quickbooks {
namespace {

std::vector<std::string> sales_members(std::initializer_list<const char*> more) {
  std::vector<std::string> members{"CustomerRef", "DocNumber",    "TxnDate", "CurrencyRef", "TotalAmt",
                                   "PrivateNote", "CustomerMemo", "Line",    "TxnTaxDetail"};
  members.insert(members.end(), more.begin(), more.end());
  return members;
}

Resource customers() {
  Resource resource{"customers", "Customer", "customer", "client", {}, true, false, Removal::kDeactivate, {}};
  resource.optional_members = {"DisplayName",  "CompanyName", "PrimaryEmailAddr",
                               "PrimaryPhone", "Mobile",      "BillAddr",
                               "ShipAddr",     "Notes",       "Active"};
  return resource;
}

Resource transaction(const char* name, const char* object, const char* path, const char* entity,
                     std::vector<std::string> depends_on, std::vector<std::string> members) {
  return {name, object, path, entity, std::move(depends_on), false, true, Removal::kDelete, std::move(members)};
}

}  // namespace

const std::vector<Resource>& resources() {
  static const std::vector<Resource> kResources{
      customers(),
      {"items", "Item", "item", "", {}, true, false, Removal::kDeactivate, {"Description", "UnitPrice", "Sku"}},
      transaction("estimates", "Estimate", "estimate", "estimate", {"customers"},
                  sales_members({"TxnStatus", "ExpirationDate", "AcceptedDate"})),
      transaction("invoices", "Invoice", "invoice", "invoice", {"customers", "estimates"},
                  sales_members({"Balance", "DueDate", "EmailStatus", "LinkedTxn"})),
      transaction("payments", "Payment", "payment", "payment", {"customers", "invoices"},
                  {"CustomerRef", "PaymentMethodRef", "PaymentRefNum", "TxnDate", "CurrencyRef", "TotalAmt",
                   "PrivateNote", "Line"}),
      transaction("sales_receipts", "SalesReceipt", "salesreceipt", "payment", {"customers"},
                  sales_members({"PaymentMethodRef", "PaymentRefNum"})),
      transaction("refund_receipts", "RefundReceipt", "refundreceipt", "payment", {"customers"},
                  sales_members({"PaymentMethodRef", "PaymentRefNum"})),
      transaction("purchases", "Purchase", "purchase", "expense", {"customers"},
                  {"EntityRef", "AccountRef", "PaymentType", "DocNumber", "PaymentRefNum", "TxnDate", "CurrencyRef",
                   "TotalAmt", "PrivateNote", "Line", "Credit"}),
      transaction("bills", "Bill", "bill", "expense", {"customers"},
                  {"VendorRef", "DocNumber", "TxnDate", "DueDate", "CurrencyRef", "TotalAmt", "Balance", "PrivateNote",
                   "Line"}),
  };
  return kResources;
}

const Resource* find_resource(std::string_view name) {
  const auto& all = resources();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Resource& resource) { return resource.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Resource* find_resource_of_object(std::string_view object) {
  const auto& all = resources();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Resource& resource) {
    return resource.object == object || resource.path == object;
  });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace patchbay::quickbooks
