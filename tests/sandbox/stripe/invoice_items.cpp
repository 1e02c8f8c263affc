// What invoices are made of, and the payments that tie them to payment intents.
#include "tests/sandbox/stripe/lists.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <array>

namespace patchbay::sandbox::stripe {
namespace {

std::int64_t number(const json::object& object, std::string_view member) {
  return object.at(member).to_number<std::int64_t>();
}

Answer create_item(Request& request) {
  auto& account = request.account;
  auto& params = request.params;
  const auto customer = params.required_text("customer");
  const auto invoice_id = params.text("invoice");
  const auto amount = params.required_integer("amount");
  const auto currency = params.text("currency").value_or("usd");
  json::object item{{"id", account.new_id("ii_")}, {"object", "invoiceitem"},    {"amount", amount},
                    {"currency", currency},        {"customer", customer},       {"date", account.now()},
                    {"description", nullptr},      {"discountable", true},       {"invoice", nullptr},
                    {"livemode", false},           {"metadata", json::object()}, {"quantity", 1},
                    {"created", account.now()}};
  set_text(item, "description", params.text("description"));
  set_text(item, "invoice", invoice_id);
  merge_metadata(item, params);
  if (account.find("customers", customer) == nullptr) params.fail(resource_missing("customer", customer, "customer"));
  const auto* invoice = invoice_id ? account.find("invoices", *invoice_id) : nullptr;
  if (invoice_id && invoice == nullptr) params.fail(resource_missing("invoice", *invoice_id, "invoice"));
  if (invoice != nullptr && sdk::string_at(invoice->value, "status") != "draft") {
    params.fail(invalid_state("invoice_not_editable", "The invoice is not a draft: items cannot be added."));
  }
  if (auto error = params.finish()) return *error;
  const auto kept = account.put("invoiceitems", std::move(item));
  if (invoice != nullptr) {
    auto changed = invoice->value;
    refresh_lines(account, changed);
    account.update("invoices", std::move(changed), {"invoice.updated"});
  }
  return json::value(kept);
}

Answer list_items(Request& request) {
  return list_objects(request.account, {"invoiceitems", "/v1/invoiceitems", {"customer", "invoice"}}, request.params);
}
Answer get_item(Request& request) {
  return get_object(request, "invoiceitems");
}

Answer list_payments(Request& request) {
  const auto* payment = request.params.hash("payment");
  const auto intent = payment == nullptr ? std::string() : sdk::string_at(*payment, "payment_intent");
  const ListRule rule{
      "invoice_payments", "/v1/invoice_payments", {"invoice", "status"}, [intent](const json::object& value) {
        return intent.empty() || sdk::string_at(value, "payment.payment_intent") == intent;
      }};
  return list_objects(request.account, rule, request.params);
}
Answer get_payment(Request& request) {
  return get_object(request, "invoice_payments");
}

constexpr std::array<Route, 5> kRoutes{{{"GET", "/v1/invoiceitems", list_items},
                                        {"POST", "/v1/invoiceitems", create_item},
                                        {"GET", "/v1/invoiceitems/{id}", get_item},
                                        {"GET", "/v1/invoice_payments", list_payments},
                                        {"GET", "/v1/invoice_payments/{id}", get_payment}}};

}  // namespace

std::span<const Route> invoice_item_routes() {
  return kRoutes;
}

void refresh_lines(const Account& account, json::object& invoice) {
  const auto id = sdk::string_at(invoice, "id");
  json::array lines;
  std::int64_t total = 0;
  for (const auto* item : account.table("invoiceitems").where("invoice", id)) {
    const auto amount = number(item->value, "amount");
    total += amount;
    lines.push_back(make_line("il_" + item->id.substr(3), id, item->id, amount, sdk::string_at(item->value, "currency"),
                              sdk::string_at(item->value, "description"), number(item->value, "date")));
  }
  invoice["lines"] = make_list("/v1/invoices/" + id + "/lines", std::move(lines), false);
  invoice["subtotal"] = total;
  invoice["total"] = total;
  invoice["amount_due"] = total;
  invoice["amount_remaining"] = total - number(invoice, "amount_paid");
}

}  // namespace patchbay::sandbox::stripe
