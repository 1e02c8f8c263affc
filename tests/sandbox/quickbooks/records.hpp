// QuickBooks' records as they are kept, members as its API names them. Members with a leading underscore are inner
// ones.
#pragma once

#include "tests/sandbox/quickbooks/company.hpp"

namespace patchbay::sandbox::quickbooks {

json::object make_customer(std::string_view id, std::string_view name);
json::object make_address(const Address& address);
/// One line of a sales form: `quantity` pieces of an item.
json::object make_sales_line(const json::object& item, double unit_price, double quantity);
json::object make_expense_line(std::string_view account, double amount, std::string_view description,
                               std::string_view customer);
/// Invoice, Estimate, SalesReceipt or RefundReceipt, with totals.
json::object make_sale(std::string_view object, std::string_view id, std::string_view customer, json::array lines,
                       std::int64_t at_ms);
json::object make_payment(std::string_view id, std::string_view customer, double amount, std::int64_t at_ms);
/// A payment's line that settles an invoice.
json::object make_settlement(std::string_view invoice, double amount);

/// "2026-01-05".
std::string day_of(std::int64_t milliseconds);
/// Fills in what QuickBooks computes from the lines: subtotal line, total, and the balance of what is not paid on the
/// spot (`settled`: what was paid of it).
void compute_totals(std::string_view object, json::object& record, double settled);

}  // namespace patchbay::sandbox::quickbooks
