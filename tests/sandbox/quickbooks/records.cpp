#include "tests/sandbox/quickbooks/records.hpp"

namespace patchbay::sandbox::quickbooks {

json::object make_customer(std::string_view id, std::string_view name) {
  return {
      {"Id", id},     {"DisplayName", name}, {"FullyQualifiedName", name}, {"PrintOnCheckName", name}, {"Active", true},
      {"Job", false}, {"Taxable", false}};
}

json::object make_address(const Address& address) {
  return {{"Line1", address.street},
          {"City", address.city},
          {"CountrySubDivisionCode", address.state},
          {"PostalCode", address.postal_code},
          {"Country", address.country}};
}

json::object make_sales_line(const json::object& item, double unit_price, double quantity) {
  json::object detail{{"ItemRef", reference(sdk::string_at(item, "Id"), sdk::string_at(item, "Name"))},
                      {"UnitPrice", unit_price},
                      {"Qty", quantity},
                      {"TaxCodeRef", reference("NON")}};
  return {{"Amount", rounded(unit_price * quantity)},
          {"Description", sdk::string_at(item, "Name")},
          {"DetailType", "SalesItemLineDetail"},
          {"SalesItemLineDetail", std::move(detail)}};
}

json::object make_expense_line(std::string_view account, double amount, std::string_view description,
                               std::string_view customer) {
  json::object detail{{"AccountRef", reference(std::to_string(40 + account.size()), account)},
                      {"BillableStatus", customer.empty() ? "NotBillable" : "Billable"}};
  if (!customer.empty()) detail["CustomerRef"] = reference(customer);
  return {{"Amount", amount},
          {"Description", description},
          {"DetailType", "AccountBasedExpenseLineDetail"},
          {"AccountBasedExpenseLineDetail", std::move(detail)}};
}

json::object make_sale(std::string_view object, std::string_view id, std::string_view customer, json::array lines,
                       std::int64_t at_ms) {
  json::object sale{{"Id", id},
                    {"CustomerRef", reference(customer)},
                    {"TxnDate", day_of(at_ms)},
                    {"Line", std::move(lines)},
                    {"PrintStatus", "NotSet"},
                    {"EmailStatus", "NotSet"}};
  compute_totals(object, sale, 0);
  return sale;
}

json::object make_payment(std::string_view id, std::string_view customer, double amount, std::int64_t at_ms) {
  return {{"Id", id},
          {"CustomerRef", reference(customer)},
          {"TxnDate", day_of(at_ms)},
          {"TotalAmt", amount},
          {"UnappliedAmt", amount},
          {"ProcessPayment", false},
          {"DepositToAccountRef", reference("4")},
          {"Line", json::array()}};
}

json::object make_settlement(std::string_view invoice, double amount) {
  return {{"Amount", amount}, {"LinkedTxn", json::array{json::object{{"TxnId", invoice}, {"TxnType", "Invoice"}}}}};
}

std::string day_of(std::int64_t milliseconds) {
  return format_local(milliseconds).substr(0, 10);
}

void compute_totals(std::string_view object, json::object& record, double settled) {
  const bool sale = object != "Purchase" && object != "Bill";
  json::array lines;
  double total = 0;
  if (const auto* given = record.if_contains("Line"); given != nullptr && given->is_array()) {
    for (const auto& line : given->get_array()) {
      if (sdk::string_at(line, "DetailType") == "SubTotalLineDetail") continue;
      auto kept = line;
      kept.as_object()["Id"] = std::to_string(lines.size() + 1);
      total += number_at(line, "Amount");
      lines.push_back(std::move(kept));
    }
  }
  total = rounded(total);
  if (sale) {
    lines.push_back(
        json::object{{"Amount", total}, {"DetailType", "SubTotalLineDetail"}, {"SubTotalLineDetail", json::object()}});
  }
  total = rounded(total + number_at(record, "TxnTaxDetail.TotalTax"));
  record["Line"] = std::move(lines);
  record["TotalAmt"] = total;
  if (object == "Invoice" || object == "Bill") record["Balance"] = rounded(total - settled);
}

}  // namespace patchbay::sandbox::quickbooks
