#include "business/payments/intent_routes.hpp"

#include "business/entities/settlement.hpp"
#include "platform/base/ids.hpp"

namespace patchbay::payments {
namespace {

namespace json = sdk::json;
using resources::RouteParts;

/// The invoice as the caller sees it; kNotFound where he does not.
sdk::Result<json::value> visible_invoice(const RouteParts& parts, const policy::Principal& principal,
                                         const std::string& id) {
  sdk::Result<resources::ReadRow> found = sdk::not_found_error("resources.not_found", "Invoice not found");
  const auto channel = std::make_shared<resources::DatabaseChannel>(parts.database);
  parts.reader.get(channel, *parts.registry.find("invoice"), principal, id,
                   [&found](sdk::Result<resources::ReadRow> row) { found = std::move(row); });
  if (!found.ok()) {
    if (found.error().error_class != sdk::ErrorClass::kNotFound) return std::move(found).error();
    return sdk::not_found_error("resources.not_found", "Invoice not found");
  }
  return sdk::parse_json(found->json);
}

sdk::Result<IntentRequest> read_request(const RouteParts& parts, const gateway::RequestContext& context) {
  PATCHBAY_ASSIGN(const auto body, gateway::json_body(context.request));
  const json::value* given = body.if_contains("invoiceId");
  if (given == nullptr) given = body.if_contains("invoice_id");
  if (given == nullptr || !given->is_string())
    return sdk::invalid_error("required", "invoiceId is required.", "invoiceId");
  IntentRequest request;
  request.invoice_id = std::string(given->get_string());
  if (!base::is_uuid(request.invoice_id))
    return sdk::invalid_error("uuid.malformed", "invoiceId must be the id of an invoice.", "invoiceId");
  PATCHBAY_ASSIGN(const json::value invoice, visible_invoice(parts, context.principal, request.invoice_id));
  request.invoice_id = sdk::string_at(invoice, "id");
  const std::string status = sdk::string_at(invoice, "status");
  PATCHBAY_ASSIGN(request.amount,
                  sdk::parse_money(sdk::string_at(invoice, "balance"), sdk::string_at(invoice, "currency")));
  if (!entities::is_payable(status) || request.amount.minor <= 0)
    return sdk::conflict_error("invoice.not_payable", "The invoice is " + status + "; nothing is left to pay.");
  request.invoice_number = sdk::string_at(invoice, "number");
  request.client_id = sdk::string_at(invoice, "clientId");
  request.user_id = context.principal.user_id;
  request.idempotency_key = std::string(context.request.header("Idempotency-Key").value_or(""));
  return request;
}

}  // namespace

gateway::Routes make_routes(const RouteParts& parts, const IntentMaker& intents) {
  gateway::Route route;
  route.method = "POST";
  route.pattern = "/payment/create-intent";
  route.permission = "invoices:pay";
  route.tag = "payments";
  route.summary = "Start the payment of an invoice's open balance by Stripe";
  route.secret_answer = true;
  route.handler = gateway::BlockingHandler(
      [&parts, &intents](const gateway::RequestContext& context) -> sdk::Result<http::Response> {
        PATCHBAY_ASSIGN(const IntentRequest request, read_request(parts, context));
        PATCHBAY_ASSIGN(const PaymentIntent intent, intents.make(request));
        return gateway::data_response(200, {{"clientSecret", intent.client_secret},
                                            {"paymentId", intent.id},
                                            {"amount", sdk::format_money(request.amount)},
                                            {"currency", request.amount.currency}});
      });
  return {std::move(route)};
}

}  // namespace patchbay::payments
