#include "business/payments/payment_intent.hpp"

#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::payments {
namespace {

constexpr std::chrono::seconds kCallTimeout{20};
constexpr std::string_view kConnector = "stripe";

// First the account that has the invoice itself, then one that knows the client, then the oldest.
constexpr std::string_view kPayee =
    "select c.id, k.external_id as customer, i.external_id as invoice from connections c "
    "left join lateral (select l.external_id from entity_links l where l.connection_id = c.id and "
    "l.entity_kind = 'client' and l.entity_id = $2::uuid and l.resource = 'customers' and l.deleted_at is null "
    "order by l.external_id limit 1) k on true "
    "left join lateral (select l.external_id from entity_links l where l.connection_id = c.id and "
    "l.entity_kind = 'invoice' and l.entity_id = $3::uuid and l.resource = 'invoices' and l.deleted_at is null "
    "order by l.external_id limit 1) i on true "
    "where c.connector = $1 and c.state = 'connected' and c.deleted_at is null "
    "order by i.external_id is null, k.external_id is null, c.created_at, c.id limit 1";

sdk::CallContext call_context() {
  sdk::CallContext context;
  context.deadline = std::chrono::steady_clock::now() + kCallTimeout;
  context.lane = sdk::Lane::kInteractive;
  return context;
}

/// The same request of the same caller is the same intent at the service, also after a crash in between. The amount is
/// part of it: what is open may have changed since.
std::string service_key(const IntentRequest& request, std::int64_t amount) {
  if (request.idempotency_key.empty()) return base::new_uuid();
  const std::string parts = request.user_id + '\n' + request.idempotency_key + '\n' + request.invoice_id + '\n' +
                            std::to_string(amount) + '\n' + request.amount.currency;
  return "patchbay-" + sdk::hex_encode(base::sha256(parts));
}

/// The caller is told no more than that it did not work; why is for the log.
sdk::Error processing_error(const sdk::Error& error) {
  base::log_warning("payments", "a payment intent was not made", {{"code", error.code}, {"error", error.message}});
  if (error.code == "stripe.amount_too_small" || error.code == "stripe.amount_too_large")
    return sdk::conflict_error("payment.refused", "The amount is not one that can be paid this way.");
  return sdk::transient_error("payment.processing_error", "Payment processing error");
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

sdk::Result<std::int64_t> in_minor_units(const sdk::Money& amount, int places) {
  std::int64_t minor = amount.minor;
  for (int has = sdk::currency_exponent(amount.currency); has != places; has += has < places ? 1 : -1) {
    if (has > places && minor % 10 != 0)
      return sdk::conflict_error("payment.refused", "The amount has parts that cannot be paid this way.");
    if (has < places && __builtin_mul_overflow(minor, std::int64_t{10}, &minor))
      return sdk::conflict_error("payment.refused", "The amount is too large.");
    if (has > places) minor /= 10;
  }
  return minor;
}

sdk::Result<IntentMaker::Payee> IntentMaker::find_payee(const IntentRequest& request) const {
  const storage::Param client = request.client_id.empty() ? storage::Param() : storage::Param(request.client_id);
  PATCHBAY_ASSIGN(const auto rows, database_.query(storage::Lane::kInteractive, kPayee,
                                                   {std::string(kConnector), client, request.invoice_id}));
  if (rows.empty())
    return sdk::conflict_error("payment.no_connection", "No Stripe account is connected that could take the payment.");
  Payee payee;
  PATCHBAY_ASSIGN(payee.connection, store_.get(rows.text(0, "id")));
  payee.customer = std::string(rows.at(0, "customer").value_or(""));
  payee.invoice = std::string(rows.at(0, "invoice").value_or(""));
  return payee;
}

sdk::Result<PaymentIntent> IntentMaker::make(const IntentRequest& request) const {
  PATCHBAY_ASSIGN(Payee payee, find_payee(request));
  const auto lease = clients_.client(payee.connection);
  if (!lease.ok()) return processing_error(lease.error());
  if (!payee.invoice.empty()) {
    // A client may be several customers there; Stripe takes the payment from the invoice's own.
    const auto invoice = (*lease)->client().get(call_context(), "invoices", payee.invoice);
    if (!invoice.ok()) return processing_error(invoice.error());
    payee.customer = sdk::string_at(invoice->data, "customer");
  }
  const auto mapping = mappings_.find(kConnector);
  const int places =
      mapping ? mapping->minor_unit_places(request.amount.currency) : sdk::currency_exponent(request.amount.currency);
  PATCHBAY_ASSIGN(const std::int64_t amount, in_minor_units(request.amount, places));
  sdk::WriteRequest write;
  write.resource = "payment_intents";
  write.idempotency_key = service_key(request, amount);
  sdk::json::object data{
      {"amount", amount},
      {"currency", lower(request.amount.currency)},
      {"automatic_payment_methods", {{"enabled", true}}},
      {"metadata",
       {{"invoice_id", request.invoice_id}, {"customer_id", request.client_id}, {"user_id", request.user_id}}}};
  if (!request.invoice_number.empty()) data["description"] = "Invoice " + request.invoice_number;
  if (!payee.customer.empty()) data["customer"] = payee.customer;
  write.data = std::move(data);
  auto made = (*lease)->client().create(call_context(), write);
  if (!made.ok()) return processing_error(made.error());
  const PaymentIntent intent{made->external_id, sdk::string_at(made->data, "client_secret")};
  if (intent.id.empty() || intent.client_secret.empty())
    return processing_error(sdk::permanent_error("payment.no_secret", "the intent came without id or client secret"));
  if (payee.invoice.empty()) return intent;
  // Stripe keeps this invoice itself: it credits the payment, and the hub hears of it as of any other.
  const auto attached = (*lease)->client().operate(call_context(), "attach_payment",
                                                   {{"invoice", payee.invoice}, {"paymentIntent", intent.id}});
  if (!attached.ok()) return processing_error(attached.error());
  return intent;
}

}  // namespace patchbay::payments
