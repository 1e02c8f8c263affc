#include "tests/sandbox/jobber/records.hpp"

namespace patchbay::sandbox::jobber {
namespace {

constexpr std::int64_t kDayMilliseconds = 86'400'000;

/// The primary one, else the first.
std::string preferred(const json::object& client, std::string_view list, std::string_view member) {
  const auto primary = sdk::string_at(client, std::string(list) + "[primary=true]." + std::string(member));
  return primary.empty() ? sdk::string_at(client, std::string(list) + "[0]." + std::string(member)) : primary;
}

/// A number that goes with an id, the same at every start.
std::uint64_t number_from(std::string_view id, std::uint64_t bound) {
  return derived_random(0, id).below(bound);
}

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

std::int64_t time_of(const json::object& record, std::string_view member) {
  return parse_milliseconds(sdk::string_at(record, member));
}

}  // namespace

json::object make_client(std::string_view id) {
  return {{"id", id},
          {"balance", 0.0},
          {"billingAddress", nullptr},
          {"companyName", nullptr},
          {"createdAt", nullptr},
          {"email", nullptr},
          {"emails", json::array()},
          {"firstName", ""},
          {"isArchivable", true},
          {"isArchived", false},
          {"isCompany", false},
          {"isLead", false},
          {"lastName", ""},
          {"name", ""},
          {"phone", nullptr},
          {"phones", json::array()},
          {"receivesFollowUps", true},
          {"receivesInvoiceFollowUps", true},
          {"receivesQuoteFollowUps", true},
          {"receivesReminders", true},
          {"secondaryName", nullptr},
          {"title", nullptr},
          {"updatedAt", nullptr},
          {"_tags", json::array()}};
}

void refresh_client(json::object& client) {
  const auto first = sdk::string_at(client, "firstName");
  const auto last = sdk::string_at(client, "lastName");
  const auto company = sdk::string_at(client, "companyName");
  const auto person = first.empty() ? last : last.empty() ? first : first + " " + last;
  const auto* is_company = client.if_contains("isCompany");
  const bool by_company = !company.empty() && (person.empty() || (is_company != nullptr && *is_company == true));
  if (!is_raw_fragment(client["name"])) client["name"] = by_company ? company : person;
  client["secondaryName"] = text_or_null(by_company ? person : company);
  client["email"] = text_or_null(preferred(client, "emails", "address"));
  client["phone"] = text_or_null(preferred(client, "phones", "number"));
}

json::object make_email(std::string_view id, std::string_view address, bool primary, std::string_view description) {
  return {{"id", id}, {"address", address}, {"description", description}, {"primary", primary}};
}

json::object make_phone(std::string_view id, std::string_view number, bool primary, std::string_view description) {
  return {{"id", id}, {"number", number}, {"description", description}, {"primary", primary}, {"smsAllowed", true}};
}

json::object make_address(const Address& address) {
  return {{"city", address.city},
          {"country", "United States"},
          {"latitude", ""},
          {"longitude", ""},
          {"name", nullptr},
          {"postalCode", address.postal_code},
          {"province", address.state},
          {"street", address.street},
          {"street1", address.street},
          {"street2", ""}};
}

json::object make_property(std::string_view id, std::string_view client, const json::object& address) {
  auto shown = address;
  shown["id"] = encode_id("PropertyAddress", number_from(id, 1'000'000'000));
  return {{"id", id},        {"_client", client},    {"address", std::move(shown)},
          {"name", nullptr}, {"createdAt", nullptr}, {"updatedAt", nullptr}};
}

json::object make_job(std::string_view id, std::string_view client, std::string_view property, std::int64_t number) {
  return {{"id", id},
          {"_client", client},
          {"_property", property},
          {"_quote", nullptr},
          {"_salesperson", nullptr},
          {"billingType", "FIXED_PRICE"},
          {"completedAt", nullptr},
          {"createdAt", nullptr},
          {"endAt", nullptr},
          {"instructions", nullptr},
          {"invoicedTotal", 0.0},
          {"jobNumber", number},
          {"jobStatus", "scheduled"},
          {"jobType", "ONE_OFF"},
          {"startAt", nullptr},
          {"title", nullptr},
          {"total", 0.0},
          {"uninvoicedTotal", 0.0},
          {"updatedAt", nullptr}};
}

json::object make_quote(std::string_view id, std::string_view client, std::string_view property, std::string number,
                        double total) {
  return {{"id", id},
          {"_client", client},
          {"_property", property},
          {"_salesperson", nullptr},
          {"amounts", json::object{{"depositAmount", 0.0},
                                   {"discountAmount", 0.0},
                                   {"nonTaxAmount", total},
                                   {"outstandingDepositAmount", 0.0},
                                   {"subtotal", total},
                                   {"taxAmount", 0.0},
                                   {"total", total}}},
          {"clientHubViewedAt", nullptr},
          {"createdAt", nullptr},
          {"lastTransitioned",
           json::object{{"approvedAt", nullptr}, {"changesRequestedAt", nullptr}, {"convertedAt", nullptr}}},
          {"message", nullptr},
          {"quoteNumber", std::move(number)},
          {"quoteStatus", "draft"},
          {"sentAt", nullptr},
          {"title", nullptr},
          {"transitionedAt", nullptr},
          {"updatedAt", nullptr}};
}

json::object make_visit(std::string_view id, const json::object& job) {
  return {{"id", id},
          {"_client", job.at("_client")},
          {"_job", job.at("id")},
          {"_property", job.at("_property")},
          {"_invoice", nullptr},
          {"_assignedUsers", json::array()},
          {"allDay", false},
          {"clientConfirmed", false},
          {"completedAt", nullptr},
          {"completedBy", nullptr},
          {"createdAt", nullptr},
          {"duration", nullptr},
          {"endAt", job.at("endAt")},
          {"instructions", job.at("instructions")},
          {"isComplete", false},
          {"isLastScheduledVisit", true},
          {"startAt", job.at("startAt")},
          {"title", job.at("title")},
          {"updatedAt", nullptr}};
}

json::object make_invoice(std::string_view id, std::string_view client, std::string number, double total) {
  return {{"id", id},
          {"_client", client},
          {"_job", nullptr},
          {"_salesperson", nullptr},
          {"amounts", json::object{{"depositAmount", 0.0},
                                   {"discountAmount", 0.0},
                                   {"invoiceBalance", total},
                                   {"legacyDiscountAmount", 0.0},
                                   {"nonTaxAmount", total},
                                   {"paymentsTotal", 0.0},
                                   {"subtotal", total},
                                   {"taxAmount", 0.0},
                                   {"tipsTotal", 0.0},
                                   {"total", total}}},
          {"createdAt", nullptr},
          {"dateViewedInClientHub", nullptr},
          {"dueDate", nullptr},
          {"invoiceNet", 30},
          {"invoiceNumber", std::move(number)},
          {"invoiceStatus", "draft"},
          {"issuedDate", nullptr},
          {"message", nullptr},
          {"receivedDate", nullptr},
          {"subject", "For Services Rendered"},
          {"taxCalculationMethod", "exclusive"},
          {"updatedAt", nullptr}};
}

json::object make_payment(std::string_view id, std::string_view client, std::string_view invoice, std::string_view type,
                          double amount) {
  const bool refund = type == "JobberPaymentsRefundPaymentRecord";
  json::object payment{{"id", id},
                       {"_type", type},
                       {"_client", client},
                       {"_invoice", invoice},
                       {"_quote", nullptr},
                       {"adjustmentType", refund ? "REFUND" : "PAYMENT"},
                       {"amount", amount},
                       {"canEdit", !refund},
                       {"createdAt", nullptr},
                       {"details", nullptr},
                       {"entryDate", nullptr},
                       {"jobberPaymentLast4", nullptr},
                       {"jobberPaymentTransactionStatus", nullptr},
                       {"paymentOrigin", "EMPLOYEE_ONLINE_ORIGIN"},
                       {"paymentType", refund                        ? "JOBBER_PAYMENTS"
                                       : type == "CashPaymentRecord" ? "CASH"
                                                                     : "CHEQUE"},
                       {"rawAmount", refund ? -amount : amount},
                       {"sentAt", nullptr},
                       {"tipAmount", nullptr},
                       {"updatedAt", nullptr}};
  if (type == "CheckPaymentRecord") payment["checkNumber"] = std::to_string(number_from(id, 9000) + 1000);
  if (refund) {
    payment["feeAmount"] = 0.0;
    payment["refundedAt"] = nullptr;
    payment["_refundedPaymentRecord"] = nullptr;
    payment["transactionId"] = "txn_" + std::to_string(number_from(id, 1'000'000'000));
    payment["transactionStatus"] = "REFUNDED";
  }
  return payment;
}

json::object make_expense(std::string_view id, std::string_view title, double total, std::string_view date) {
  return {{"id", id},           {"_linkedJob", nullptr},      {"_enteredBy", nullptr},
          {"_paidBy", nullptr}, {"_reimbursableTo", nullptr}, {"createdAt", nullptr},
          {"date", date},       {"description", nullptr},     {"title", title},
          {"total", total},     {"updatedAt", nullptr}};
}

json::object make_request(std::string_view id, const json::object& client, std::string_view title) {
  return {{"id", id},
          {"_client", client.at("id")},
          {"_property", nullptr},
          {"companyName", client.at("companyName")},
          {"contactName", client.at("name")},
          {"createdAt", nullptr},
          {"email", client.at("email")},
          {"phone", client.at("phone")},
          {"requestStatus", "new"},
          {"source", "external"},
          {"title", title},
          {"updatedAt", nullptr}};
}

std::string job_status(const json::object& job, std::int64_t now_ms) {
  auto status = sdk::string_at(job, "jobStatus");
  if (status != "scheduled") return status;
  const auto start = time_of(job, "startAt");
  if (start == 0) return "unscheduled";
  if (time_of(job, "endAt") < now_ms) return "late";
  return start / kDayMilliseconds <= now_ms / kDayMilliseconds ? "today" : "upcoming";
}

std::string visit_status(const json::object& visit, std::int64_t now_ms) {
  if (visit.at("isComplete") == true) return "COMPLETED";
  const auto start = time_of(visit, "startAt");
  if (start == 0) return "UNSCHEDULED";
  if (time_of(visit, "endAt") < now_ms) return "LATE";
  return start / kDayMilliseconds <= now_ms / kDayMilliseconds ? "TODAY" : "UPCOMING";
}

std::string invoice_status(const json::object& invoice, std::int64_t now_ms) {
  auto status = sdk::string_at(invoice, "invoiceStatus");
  if (status != "awaiting_payment") return status;
  const auto due = time_of(invoice, "dueDate");
  return due != 0 && due < now_ms ? "past_due" : status;
}

}  // namespace patchbay::sandbox::jobber
