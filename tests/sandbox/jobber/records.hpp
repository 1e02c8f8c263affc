// Jobber's records as they are kept: members as the schema names them, links to other records in members with a leading
// underscore. What the service computes (statuses that follow the clock) is computed when it is shown.
#pragma once

#include "tests/sandbox/jobber/books.hpp"

namespace patchbay::sandbox::jobber {

json::object make_client(std::string_view id);
/// Name, e-mail and phone of a client as they follow from its parts.
void refresh_client(json::object& client);
json::object make_email(std::string_view id, std::string_view address, bool primary,
                        std::string_view description = "MAIN");
json::object make_phone(std::string_view id, std::string_view number, bool primary,
                        std::string_view description = "MAIN");
json::object make_address(const Address& address);
json::object make_property(std::string_view id, std::string_view client, const json::object& address);
json::object make_job(std::string_view id, std::string_view client, std::string_view property, std::int64_t number);
json::object make_quote(std::string_view id, std::string_view client, std::string_view property, std::string number,
                        double total);
json::object make_visit(std::string_view id, const json::object& job);
json::object make_invoice(std::string_view id, std::string_view client, std::string number, double total);
/// `type`: CashPaymentRecord, CheckPaymentRecord or JobberPaymentsRefundPaymentRecord.
json::object make_payment(std::string_view id, std::string_view client, std::string_view invoice, std::string_view type,
                          double amount);
json::object make_expense(std::string_view id, std::string_view title, double total, std::string_view date);
json::object make_request(std::string_view id, const json::object& client, std::string_view title);

/// The status the service shows at this moment.
std::string job_status(const json::object& job, std::int64_t now_ms);
std::string visit_status(const json::object& visit, std::int64_t now_ms);
std::string invoice_status(const json::object& invoice, std::int64_t now_ms);

}  // namespace patchbay::sandbox::jobber
