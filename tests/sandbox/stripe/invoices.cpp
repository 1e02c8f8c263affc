// Invoices from draft to paid.
#include "tests/sandbox/stripe/lists.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace patchbay::sandbox::stripe {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;

std::string status_of(const json::object& invoice) {
  return sdk::string_at(invoice, "status");
}
std::int64_t number(const json::object& object, std::string_view member) {
  return object.at(member).to_number<std::int64_t>();
}

std::variant<json::object, ApiError> invoice_in(Request& request, std::initializer_list<std::string_view> statuses,
                                                std::string_view action) {
  const auto* record = request.account.find("invoices", request.id);
  if (record == nullptr) return resource_missing("invoice", request.id);
  for (const auto status : statuses) {
    if (status_of(record->value) == status) return record->value;
  }
  return invalid_state("invoice_not_editable",
                       "The invoice is " + status_of(record->value) + " and cannot be " + std::string(action) + ".");
}

void apply(json::object& invoice, Params& params, std::int64_t now) {
  for (const auto* member : {"description", "footer", "default_payment_method"})
    set_text(invoice, member, params.text(member));
  if (const auto method = params.one_of("collection_method", {"charge_automatically", "send_invoice"})) {
    invoice["collection_method"] = *method;
  }
  if (const auto due = params.integer("due_date")) invoice["due_date"] = *due;
  if (const auto days = params.integer("days_until_due")) invoice["due_date"] = now + *days * kDaySeconds;
  if (const auto advance = params.flag("auto_advance")) invoice["auto_advance"] = *advance;
  merge_metadata(invoice, params);
  params.ignore(
      {"custom_fields", "pending_invoice_items_behavior", "payment_settings", "statement_descriptor", "automatic_tax"});
}

Answer create_invoice(Request& request) {
  auto& account = request.account;
  const auto customer_id = request.params.required_text("customer");
  const auto currency = request.params.text("currency").value_or("usd");
  const bool include = request.params.text("pending_invoice_items_behavior").value_or("exclude") == "include";
  const auto* customer = account.find("customers", customer_id);
  if (customer == nullptr) {
    request.params.fail(resource_missing("customer", customer_id, "customer"));
    return *request.params.finish();
  }
  auto invoice = make_invoice(account.new_id("in_"), account.now(), currency, customer->value);
  apply(invoice, request.params, account.now());
  if (sdk::string_at(invoice, "collection_method") == "send_invoice" && invoice.at("due_date").is_null()) {
    request.params.fail(
        invalid_state("", "If invoices are sent to the customer, `days_until_due` or `due_date` must be given."));
  }
  if (auto error = request.params.finish()) return *error;
  const auto id = sdk::string_at(invoice, "id");
  if (include) {
    const auto pending = account.table("invoiceitems").where("customer", customer_id);
    for (const auto* item : pending) {
      if (!item->value.at("invoice").is_null()) continue;
      auto taken = item->value;
      taken["invoice"] = id;
      account.put("invoiceitems", std::move(taken));
    }
    refresh_lines(account, invoice);
  }
  return json::value(account.add("invoices", std::move(invoice), "invoice.created"));
}

Answer update_invoice(Request& request) {
  auto found = invoice_in(request, {"draft", "open", "paid", "uncollectible", "void"}, "updated");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  auto invoice = std::get<json::object>(std::move(found));
  apply(invoice, request.params, request.account.now());
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.update("invoices", std::move(invoice), {"invoice.updated"}));
}

Answer delete_invoice(Request& request) {
  auto found = invoice_in(request, {"draft"}, "deleted");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  if (auto error = request.params.finish()) return *error;
  request.account.erase("invoices", request.id);
  request.account.emit("invoice.deleted", std::get<json::object>(found));
  return json::value(json::object{{"id", request.id}, {"object", "invoice"}, {"deleted", true}});
}

json::object paid(Account& account, json::object invoice, std::int64_t amount) {
  invoice["status"] = "paid";
  invoice["attempted"] = true;
  invoice["attempt_count"] = number(invoice, "attempt_count") + 1;
  invoice["amount_paid"] = number(invoice, "amount_paid") + amount;
  invoice["amount_remaining"] = 0;
  invoice["status_transitions"].as_object()["paid_at"] = account.now();
  return account.update("invoices", std::move(invoice),
                        {"invoice.updated", "invoice.paid", "invoice.payment_succeeded"});
}

/// Open, numbered, with the payment intent that is to pay it; an invoice over nothing is paid at once.
json::object finalize(Account& account, json::object invoice) {
  const auto id = sdk::string_at(invoice, "id");
  auto customer = account.find("customers", sdk::string_at(invoice, "customer"));
  std::int64_t sequence = 1;
  std::string prefix = "SANDBOX";
  if (customer != nullptr) {
    auto owner = customer->value;
    sequence = number(owner, "next_invoice_sequence");
    prefix = sdk::string_at(owner, "invoice_prefix");
    owner["next_invoice_sequence"] = sequence + 1;
    account.put("customers", std::move(owner));
  }
  std::array<char, 16> counted{};
  std::snprintf(counted.data(), counted.size(), "-%04lld", static_cast<long long>(sequence));
  refresh_lines(account, invoice);
  invoice["number"] = prefix + counted.data();
  invoice["status"] = "open";
  invoice["effective_at"] = account.now();
  invoice["hosted_invoice_url"] = "https://invoice.stripe.com/i/" + account.id() + "/" + id;
  invoice["invoice_pdf"] = "https://pay.stripe.com/invoice/" + account.id() + "/" + id + "/pdf";
  invoice["status_transitions"].as_object()["finalized_at"] = account.now();
  const auto amount = number(invoice, "amount_due");
  if (amount > 0) {
    auto intent =
        make_payment_intent(account.new_id("pi_"), account.now(), amount, sdk::string_at(invoice, "currency"));
    intent["customer"] = invoice.at("customer");
    intent["description"] = "Invoice " + sdk::string_at(invoice, "number");
    const auto& kept = account.add("payment_intents", std::move(intent), "payment_intent.created");
    account.put("invoice_payments",
                make_invoice_payment(account.new_id("inpay_"), account.now(), amount,
                                     sdk::string_at(invoice, "currency"), id, sdk::string_at(kept, "id")));
  }
  auto opened = account.update("invoices", std::move(invoice), {"invoice.updated", "invoice.finalized"});
  return amount > 0 ? opened : paid(account, std::move(opened), 0);
}

Answer finalize_invoice(Request& request) {
  auto found = invoice_in(request, {"draft"}, "finalized");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  auto& invoice = std::get<json::object>(found);
  if (const auto advance = request.params.flag("auto_advance")) invoice["auto_advance"] = *advance;
  if (auto error = request.params.finish()) return *error;
  return json::value(finalize(request.account, std::move(invoice)));
}

/// Marks the open payment of the invoice as paid or canceled.
void settle_payment(Account& account, const std::string& invoice_id, std::string_view status) {
  for (const auto* payment : Table::Order(account.table("invoice_payments").where("invoice", invoice_id))) {
    if (sdk::string_at(payment->value, "status") != "open") continue;
    auto settled = payment->value;
    const bool is_paid = status == "paid";
    settled["status"] = status;
    if (is_paid) settled["amount_paid"] = settled.at("amount_requested");
    settled["status_transitions"].as_object()[is_paid ? "paid_at" : "canceled_at"] = account.now();
    const auto& kept = account.put("invoice_payments", std::move(settled));
    if (is_paid) account.emit("invoice_payment.paid", kept);
  }
}

/// The attached intent's payment is no default: the invoice's own intent stays beside it until the invoice is paid.
Answer attach_payment(Request& request) {
  auto& account = request.account;
  auto found = invoice_in(request, {"open"}, "paid");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  const auto intent_id = request.params.required_text("payment_intent");
  const auto* intent = account.find("payment_intents", intent_id);
  const auto& invoice = std::get<json::object>(found);
  if (intent == nullptr) {
    request.params.fail(resource_missing("payment_intent", intent_id, "payment_intent"));
  } else if (intent->value.at("customer") != invoice.at("customer") ||
             intent->value.at("currency") != invoice.at("currency")) {
    request.params.fail(invalid_state("", "The PaymentIntent must have the invoice's customer and currency."));
  }
  if (auto error = request.params.finish()) return *error;
  auto payment = make_invoice_payment(account.new_id("inpay_"), account.now(), number(intent->value, "amount"),
                                      sdk::string_at(invoice, "currency"), request.id, intent_id);
  payment["is_default"] = false;
  account.put("attached_payments", {{"id", intent_id}, {"invoice", request.id}, {"payment", payment.at("id")}});
  account.put("invoice_payments", std::move(payment));
  const json::object attached = intent->value;
  if (status_of(attached) == "succeeded") credit_attached_invoice(account, attached);
  return json::value(account.find("invoices", request.id)->value);
}

std::string open_intent(const Account& account, const std::string& invoice_id) {
  for (const auto* payment : account.table("invoice_payments").where("invoice", invoice_id)) {
    if (sdk::string_at(payment->value, "status") == "open")
      return sdk::string_at(payment->value, "payment.payment_intent");
  }
  return {};
}

Answer pay_invoice(Request& request) {
  auto& account = request.account;
  auto found = invoice_in(request, {"draft", "open"}, "paid");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  const auto method = request.params.text("payment_method");
  const bool out_of_band = request.params.flag("paid_out_of_band").value_or(false);
  request.params.ignore({"forgive", "off_session", "source"});
  if (auto error = request.params.finish()) return *error;
  auto invoice = std::get<json::object>(std::move(found));
  if (status_of(invoice) == "draft") invoice = finalize(account, std::move(invoice));
  if (status_of(invoice) == "paid") return json::value(std::move(invoice));

  const auto amount = number(invoice, "amount_remaining");
  if (out_of_band) {
    settle_payment(account, request.id, "canceled");
    return json::value(paid(account, std::move(invoice), amount));
  }
  const auto* pending = account.find("payment_intents", open_intent(account, request.id));
  if (pending == nullptr) return invalid_state("invoice_no_payment_method_types", "The invoice has no open payment.");
  auto intent = pending->value;
  intent["payment_method"] = method.value_or("pm_card_visa");
  const auto charged = charge_intent(account, std::move(intent));
  if (charged.declined) {
    invoice["attempted"] = true;
    invoice["attempt_count"] = number(invoice, "attempt_count") + 1;
    account.update("invoices", std::move(invoice), {"invoice.updated", "invoice.payment_failed"});
    return *charged.declined;
  }
  settle_payment(account, request.id, "paid");
  return json::value(paid(account, std::move(invoice), amount));
}

Answer send_invoice(Request& request) {
  auto found = invoice_in(request, {"draft", "open"}, "sent");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  if (auto error = request.params.finish()) return *error;
  auto invoice = std::get<json::object>(std::move(found));
  if (status_of(invoice) == "draft") invoice = finalize(request.account, std::move(invoice));
  request.account.emit("invoice.sent", invoice);
  return json::value(std::move(invoice));
}

Answer close_invoice(Request& request, std::string_view status, std::string_view moment, std::string_view event) {
  auto found = invoice_in(request, {"open", "uncollectible"}, status);
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  if (auto error = request.params.finish()) return *error;
  auto invoice = std::get<json::object>(std::move(found));
  invoice["status"] = status;
  invoice["status_transitions"].as_object()[moment] = request.account.now();
  if (status == "void") {
    invoice["amount_remaining"] = 0;
    settle_payment(request.account, request.id, "canceled");
  }
  return json::value(request.account.update("invoices", std::move(invoice), {"invoice.updated", event}));
}

Answer void_invoice(Request& request) {
  return close_invoice(request, "void", "voided_at", "invoice.voided");
}
Answer mark_uncollectible(Request& request) {
  return close_invoice(request, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible");
}

Answer list_invoices(Request& request) {
  return list_objects(request.account,
                      {"invoices", "/v1/invoices", {"customer", "status", "collection_method", "subscription"}},
                      request.params);
}
Answer get_invoice(Request& request) {
  return get_object(request, "invoices");
}

constexpr std::array<Route, 11> kRoutes{{{"GET", "/v1/invoices", list_invoices},
                                         {"POST", "/v1/invoices", create_invoice},
                                         {"GET", "/v1/invoices/{id}", get_invoice},
                                         {"POST", "/v1/invoices/{id}", update_invoice},
                                         {"DELETE", "/v1/invoices/{id}", delete_invoice},
                                         {"POST", "/v1/invoices/{id}/finalize", finalize_invoice},
                                         {"POST", "/v1/invoices/{id}/pay", pay_invoice},
                                         {"POST", "/v1/invoices/{id}/attach_payment", attach_payment},
                                         {"POST", "/v1/invoices/{id}/send", send_invoice},
                                         {"POST", "/v1/invoices/{id}/void", void_invoice},
                                         {"POST", "/v1/invoices/{id}/mark_uncollectible", mark_uncollectible}}};

}  // namespace

std::span<const Route> invoice_routes() {
  return kRoutes;
}

void credit_attached_invoice(Account& account, const json::object& intent) {
  const auto* attached = account.find("attached_payments", sdk::string_at(intent, "id"));
  if (attached == nullptr) return;
  const auto* record = account.find("invoices", sdk::string_at(attached->value, "invoice"));
  const auto* pending = account.find("invoice_payments", sdk::string_at(attached->value, "payment"));
  if (record == nullptr || pending == nullptr || status_of(record->value) != "open") return;
  auto invoice = record->value;
  auto payment = pending->value;
  const auto id = sdk::string_at(invoice, "id");
  const auto amount = std::min(number(intent, "amount_received"), number(invoice, "amount_remaining"));
  payment["status"] = "paid";
  payment["amount_paid"] = amount;
  payment["status_transitions"].as_object()["paid_at"] = account.now();
  account.emit("invoice_payment.paid", account.put("invoice_payments", std::move(payment)));
  if (amount == number(invoice, "amount_remaining")) {
    settle_payment(account, id, "canceled");
    paid(account, std::move(invoice), amount);
    return;
  }
  invoice["amount_paid"] = number(invoice, "amount_paid") + amount;
  invoice["amount_remaining"] = number(invoice, "amount_remaining") - amount;
  account.update("invoices", std::move(invoice), {"invoice.updated"});
}

}  // namespace patchbay::sandbox::stripe
