#include "business/entities/billing.hpp"

#include "business/entities/settlement.hpp"
#include "business/entities/visibility.hpp"
#include "platform/base/ids.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/money.hpp>

namespace patchbay::entities {
namespace {

namespace json = sdk::json;
using resources::Actor;
using resources::RouteParts;
using resources::WriteOutcome;

/// The user is the author, the hub makes the move: what is paid is no role's own decision.
Actor on_behalf_of(const policy::Principal& principal) {
  Actor actor = resources::actor_of(principal);
  actor.principal.kind = policy::Principal::Kind::kSystem;
  return actor;
}

sdk::Money money_at(const json::object& row, std::string_view name, const std::string& currency) {
  const std::string text = text_value(row, name);
  return sdk::parse_money(text.empty() ? "0" : text, currency).value_or(sdk::Money{0, currency});
}

sdk::Error invalid_amount(std::string message) {
  return sdk::invalid_error("payment.amount", std::move(message), "amount");
}

/// Whether this amount may be booked on the invoice; what follows from it is settle_invoices' part.
sdk::Result<void> check_settles(const json::object& invoice, const sdk::Money& amount) {
  const std::string status = text_value(invoice, "status");
  const bool is_refund = amount.minor < 0;
  if (!is_payable(status) && !(is_refund && status == "paid"))
    return sdk::conflict_error("invoice.not_payable", "The invoice is " + status + ".");
  const sdk::Money total = money_at(invoice, "totalAmount", amount.currency);
  const sdk::Money balance = money_at(invoice, "balance", amount.currency);
  if (amount.minor > balance.minor) return invalid_amount("amount is more than the invoice's balance.");
  if (balance.minor - amount.minor > total.minor) return invalid_amount("The refund is more than what has been paid.");
  return {};
}

/// The amount of a payment body in the invoice's currency, with the sign of its kind.
sdk::Result<sdk::Money> amount_of(const json::object& body, const std::string& currency) {
  const json::value* given = body.if_contains("amount");
  const auto text = given == nullptr || given->is_double() ? std::nullopt : sdk::scalar_text(*given);
  if (!text) return invalid_amount("amount must be a decimal text like \"120.50\".");
  const auto money = sdk::parse_money(*text, currency);
  if (!money.ok()) return invalid_amount("amount must be a decimal text with the places of " + currency + ".");
  const bool is_refund = text_value(body, "kind") == "refund";
  if (is_refund ? money->minor >= 0 : money->minor <= 0) {
    return invalid_amount(is_refund ? "The amount of a refund must be negative." : "amount must be positive.");
  }
  return *money;
}

}  // namespace

sdk::Result<WriteOutcome> record_payment(const RouteParts& parts, storage::Session& session,
                                         const policy::Principal& principal, json::object body,
                                         std::vector<sdk::Error>& field_errors) {
  const auto& payments = *parts.registry.find("payment");
  const auto& invoices = *parts.registry.find("invoice");
  const Actor actor = resources::actor_of(principal);
  const std::string invoice_id = text_value(body, "invoiceId");
  if (!body.contains("paidAt")) body["paidAt"] = sdk::format_time(std::chrono::system_clock::now());
  if (invoice_id.empty()) {
    PATCHBAY_TRY(amount_of(body, text_value(body, "currency").empty() ? "USD" : text_value(body, "currency")));
    return parts.writer.create(session, payments, actor, body, field_errors);
  }
  auto locked = parts.writer.lock(session, invoices, actor, invoice_id);
  if (!locked.ok() && locked.error().error_class == sdk::ErrorClass::kNotFound) {
    return sdk::invalid_error("reference.not_found", "invoiceId does not exist.", "invoiceId");
  }
  PATCHBAY_ASSIGN(const json::object invoice, std::move(locked));
  const std::string currency = text_value(invoice, "currency");
  if (!body.contains("currency")) body["currency"] = currency;
  if (text_value(body, "currency") != currency) {
    return sdk::invalid_error("payment.currency", "The invoice is in " + currency + ".", "currency");
  }
  for (const char* name : {"clientId", "jobId"}) {
    const json::value& value = invoice.at(name);
    if (!body.contains(name) && !body.contains("customerId") && !value.is_null()) body[name] = value;
  }
  PATCHBAY_ASSIGN(const sdk::Money amount, amount_of(body, currency));
  PATCHBAY_TRY(check_settles(invoice, amount));
  return parts.writer.create(session, payments, actor, body, field_errors);
}

sdk::Result<void> ensure_invoice(const RouteParts& parts, storage::Session& session, const policy::Principal& principal,
                                 const json::object& job, bool make) {
  const std::string job_id = text_value(job, "id");
  PATCHBAY_ASSIGN(const auto sent,
                  session.execute("select 1 from invoices where job_id = $1::uuid and deleted_at is null and status in "
                                  "('sent', 'partially_paid', 'paid', 'overdue') limit 1",
                                  {job_id}));
  if (!sent.empty()) return {};
  const sdk::Error missing = sdk::conflict_error(
      "jobs.no_invoice", "The job has no invoice that was sent; send one or ask for it with createInvoice.");
  if (!make) return missing;
  json::object invoice{{"jobId", job_id}, {"clientId", job.at("clientId")}, {"subject", job.at("title")}};
  const Actor actor = on_behalf_of(principal);
  const std::string estimate_id = text_value(job, "estimateId");
  if (!estimate_id.empty()) {
    PATCHBAY_ASSIGN(const json::object estimate,
                    parts.writer.lock(session, *parts.registry.find("estimate"), actor, estimate_id));
    invoice["estimateId"] = estimate_id;
    for (const char* name : {"currency", "subtotal", "tax", "lineItems"}) invoice[name] = estimate.at(name);
    if (!estimate.at("total").is_null()) invoice["totalAmount"] = estimate.at("total");
  } else if (!job.at("estimatedRevenue").is_null()) {
    invoice["currency"] = job.at("currency");
    invoice["totalAmount"] = job.at("estimatedRevenue");
  }
  if (!invoice.contains("totalAmount")) return missing;
  const auto& description = *parts.registry.find("invoice");
  std::vector<sdk::Error> errors;
  PATCHBAY_ASSIGN(const WriteOutcome made, parts.writer.create(session, description, actor, invoice, errors));
  PATCHBAY_TRY(parts.writer.move(session, description, actor, made.entity_id, "sent", "billed", {}));
  return {};
}

}  // namespace patchbay::entities
