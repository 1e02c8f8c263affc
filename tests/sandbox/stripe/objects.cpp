#include "tests/sandbox/stripe/objects.hpp"

#include <patchbay/sdk/json.hpp>

namespace patchbay::sandbox::stripe {

json::object make_address() {
  return {{"city", nullptr},  {"country", nullptr},     {"line1", nullptr},
          {"line2", nullptr}, {"postal_code", nullptr}, {"state", nullptr}};
}

json::object make_list(std::string_view url, json::array data, bool has_more) {
  return {{"object", "list"}, {"data", std::move(data)}, {"has_more", has_more}, {"url", url}};
}

json::object make_customer(std::string_view id, std::int64_t created) {
  return {{"id", id},
          {"object", "customer"},
          {"address", nullptr},
          {"balance", 0},
          {"created", created},
          {"currency", nullptr},
          {"default_source", nullptr},
          {"delinquent", false},
          {"description", nullptr},
          {"discount", nullptr},
          {"email", nullptr},
          {"invoice_prefix", id.substr(id.size() > 8 ? id.size() - 8 : 0)},
          {"invoice_settings", json::object{{"custom_fields", nullptr},
                                            {"default_payment_method", nullptr},
                                            {"footer", nullptr},
                                            {"rendering_options", nullptr}}},
          {"livemode", false},
          {"metadata", json::object()},
          {"name", nullptr},
          {"next_invoice_sequence", 1},
          {"phone", nullptr},
          {"preferred_locales", json::array()},
          {"shipping", nullptr},
          {"tax_exempt", "none"},
          {"test_clock", nullptr}};
}

json::object make_payment_intent(std::string_view id, std::int64_t created, std::int64_t amount,
                                 std::string_view currency) {
  return {{"id", id},
          {"object", "payment_intent"},
          {"amount", amount},
          {"amount_capturable", 0},
          {"amount_details", json::object{{"tip", json::object()}}},
          {"amount_received", 0},
          {"application", nullptr},
          {"application_fee_amount", nullptr},
          {"automatic_payment_methods", nullptr},
          {"canceled_at", nullptr},
          {"cancellation_reason", nullptr},
          {"capture_method", "automatic"},
          {"client_secret", std::string(id) + "_secret_sandbox"},
          {"confirmation_method", "automatic"},
          {"created", created},
          {"currency", currency},
          {"customer", nullptr},
          {"description", nullptr},
          {"last_payment_error", nullptr},
          {"latest_charge", nullptr},
          {"livemode", false},
          {"metadata", json::object()},
          {"next_action", nullptr},
          {"on_behalf_of", nullptr},
          {"payment_method", nullptr},
          {"payment_method_options", json::object()},
          {"payment_method_types", json::array{"card"}},
          {"processing", nullptr},
          {"receipt_email", nullptr},
          {"setup_future_usage", nullptr},
          {"shipping", nullptr},
          {"statement_descriptor", nullptr},
          {"status", "requires_payment_method"},
          {"transfer_group", nullptr}};
}

json::object make_charge(std::string_view id, std::int64_t created, std::int64_t amount, std::string_view currency) {
  json::object card{{"brand", "visa"},     {"country", "US"}, {"exp_month", 8},    {"exp_year", 2030},
                    {"funding", "credit"}, {"last4", "4242"}, {"network", "visa"}, {"wallet", nullptr}};
  return {{"id", id},
          {"object", "charge"},
          {"amount", amount},
          {"amount_captured", amount},
          {"amount_refunded", 0},
          {"application_fee_amount", nullptr},
          {"balance_transaction", nullptr},
          {"billing_details",
           json::object{{"address", make_address()}, {"email", nullptr}, {"name", nullptr}, {"phone", nullptr}}},
          {"captured", true},
          {"created", created},
          {"currency", currency},
          {"customer", nullptr},
          {"description", nullptr},
          {"disputed", false},
          {"failure_code", nullptr},
          {"failure_message", nullptr},
          {"livemode", false},
          {"metadata", json::object()},
          {"outcome", json::object{{"network_status", "approved_by_network"}, {"type", "authorized"}}},
          {"paid", true},
          {"payment_intent", nullptr},
          {"payment_method", nullptr},
          {"payment_method_details", json::object{{"card", std::move(card)}, {"type", "card"}}},
          {"receipt_email", nullptr},
          {"receipt_number", nullptr},
          {"receipt_url", "https://pay.stripe.com/receipts/" + std::string(id)},
          {"refunded", false},
          {"status", "succeeded"},
          {"transfer_group", nullptr}};
}

json::object make_refund(std::string_view id, std::int64_t created, std::int64_t amount, std::string_view currency) {
  return {{"id", id},
          {"object", "refund"},
          {"amount", amount},
          {"balance_transaction", nullptr},
          {"charge", nullptr},
          {"created", created},
          {"currency", currency},
          {"destination_details", json::object{{"card", json::object{{"type", "refund"}}}, {"type", "card"}}},
          {"metadata", json::object()},
          {"payment_intent", nullptr},
          {"reason", nullptr},
          {"receipt_number", nullptr},
          {"status", "succeeded"}};
}

json::object make_balance_transaction(std::string_view id, std::int64_t created, std::int64_t amount, std::int64_t fee,
                                      std::string_view currency, std::string_view type, std::string_view source) {
  json::array fee_details;
  if (fee != 0) {
    fee_details.push_back(json::object{{"amount", fee},
                                       {"application", nullptr},
                                       {"currency", currency},
                                       {"description", "Stripe processing fees"},
                                       {"type", "stripe_fee"}});
  }
  return {{"id", id},
          {"object", "balance_transaction"},
          {"amount", amount},
          {"available_on", created + 2 * 86'400},
          {"created", created},
          {"currency", currency},
          {"description", nullptr},
          {"exchange_rate", nullptr},
          {"fee", fee},
          {"fee_details", std::move(fee_details)},
          {"net", amount - fee},
          {"reporting_category", type},
          {"source", source},
          {"status", "available"},
          {"type", type}};
}

json::object make_invoice(std::string_view id, std::int64_t created, std::string_view currency,
                          const json::object& customer) {
  const std::string url = "/v1/invoices/" + std::string(id) + "/lines";
  return {{"id", id},
          {"object", "invoice"},
          {"account_country", "US"},
          {"amount_due", 0},
          {"amount_overpaid", 0},
          {"amount_paid", 0},
          {"amount_remaining", 0},
          {"attempt_count", 0},
          {"attempted", false},
          {"auto_advance", false},
          {"billing_reason", "manual"},
          {"collection_method", "charge_automatically"},
          {"created", created},
          {"currency", currency},
          {"customer", customer.at("id")},
          {"customer_address", customer.at("address")},
          {"customer_email", customer.at("email")},
          {"customer_name", customer.at("name")},
          {"customer_phone", customer.at("phone")},
          {"default_payment_method", nullptr},
          {"description", nullptr},
          {"due_date", nullptr},
          {"effective_at", nullptr},
          {"ending_balance", nullptr},
          {"footer", nullptr},
          {"hosted_invoice_url", nullptr},
          {"invoice_pdf", nullptr},
          {"lines", make_list(url, {}, false)},
          {"livemode", false},
          {"metadata", json::object()},
          {"next_payment_attempt", nullptr},
          {"number", nullptr},
          {"parent", nullptr},
          {"period_end", created},
          {"period_start", created},
          {"starting_balance", 0},
          {"status", "draft"},
          {"status_transitions", json::object{{"finalized_at", nullptr},
                                              {"marked_uncollectible_at", nullptr},
                                              {"paid_at", nullptr},
                                              {"voided_at", nullptr}}},
          {"subtotal", 0},
          {"total", 0},
          {"total_taxes", json::array()}};
}

json::object make_line(std::string_view id, std::string_view invoice, std::string_view item, std::int64_t amount,
                       std::string_view currency, std::string_view description, std::int64_t created) {
  return {{"id", id},
          {"object", "line_item"},
          {"amount", amount},
          {"currency", currency},
          {"description", description},
          {"discountable", true},
          {"invoice", invoice},
          {"livemode", false},
          {"metadata", json::object()},
          {"parent", json::object{{"invoice_item_details", json::object{{"invoice_item", item}, {"proration", false}}},
                                  {"type", "invoice_item_details"}}},
          {"period", json::object{{"end", created}, {"start", created}}},
          {"quantity", 1},
          {"subtotal", amount}};
}

json::object make_invoice_payment(std::string_view id, std::int64_t created, std::int64_t amount,
                                  std::string_view currency, std::string_view invoice,
                                  std::string_view payment_intent) {
  return {{"id", id},
          {"object", "invoice_payment"},
          {"amount_paid", nullptr},
          {"amount_requested", amount},
          {"created", created},
          {"currency", currency},
          {"invoice", invoice},
          {"is_default", true},
          {"livemode", false},
          {"payment", json::object{{"payment_intent", payment_intent}, {"type", "payment_intent"}}},
          {"status", "open"},
          {"status_transitions", json::object{{"canceled_at", nullptr}, {"paid_at", nullptr}}}};
}

std::int64_t card_fee(std::int64_t amount) {
  return amount * 29 / 1000 + 30;
}

}  // namespace patchbay::sandbox::stripe
