#include "tests/sandbox/stripe/lists.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <array>

namespace patchbay::sandbox::stripe {
namespace {

std::string status_of(const json::object& intent) {
  return sdk::string_at(intent, "status");
}

ApiError unexpected_state(const json::object& intent, std::string_view action) {
  auto error = invalid_state("payment_intent_unexpected_state", "This PaymentIntent's status is " + status_of(intent) +
                                                                    ", so it cannot be " + std::string(action) + ".");
  error.more["payment_intent"] = intent;
  return error;
}

void apply(Request& request, json::object& intent) {
  auto& params = request.params;
  for (const auto* member :
       {"description", "receipt_email", "statement_descriptor", "setup_future_usage", "transfer_group"}) {
    set_text(intent, member, params.text(member));
  }
  if (const auto customer = params.text("customer")) {
    if (!customer->empty() && request.account.find("customers", *customer) == nullptr) {
      params.fail(resource_missing("customer", *customer, "customer"));
    }
    set_text(intent, "customer", customer);
  }
  if (const auto method = params.text("payment_method")) {
    set_text(intent, "payment_method", method);
    if (status_of(intent) == "requires_payment_method" && !method->empty()) intent["status"] = "requires_confirmation";
  }
  if (const auto* automatic = params.hash("automatic_payment_methods")) {
    intent["automatic_payment_methods"] = json::object{{"allow_redirects", "always"}, {"enabled", !automatic->empty()}};
  }
  if (const auto types = params.texts("payment_method_types"); !types.empty()) {
    intent["payment_method_types"] = json::array(types.begin(), types.end());
  }
  if (const auto capture = params.one_of("capture_method", {"automatic", "automatic_async", "manual"})) {
    intent["capture_method"] = *capture;
  }
  merge_metadata(intent, params);
  params.ignore({"off_session", "return_url", "shipping", "payment_method_options", "confirmation_method"});
}

Answer confirm(Request& request, json::object intent) {
  if (intent.at("payment_method").is_null()) {
    auto error = invalid_state("payment_intent_unexpected_state",
                               "You cannot confirm this PaymentIntent because it's missing a payment method.");
    error.more["payment_intent"] = intent;
    return error;
  }
  auto charged = charge_intent(request.account, std::move(intent));
  if (charged.declined) return *charged.declined;
  return json::value(std::move(charged.intent));
}

Answer create_intent(Request& request) {
  const auto amount = request.params.required_integer("amount");
  const auto currency = request.params.required_text("currency");
  if (request.params.has("amount") && amount < 50) {
    request.params.fail(invalid_state("amount_too_small", "Amount must be at least $0.50 usd"));
  }
  auto intent = make_payment_intent(request.account.new_id("pi_"), request.account.now(), amount, currency);
  apply(request, intent);
  const bool confirmed = request.params.flag("confirm").value_or(false);
  if (auto error = request.params.finish()) return *error;
  const auto kept = request.account.add("payment_intents", std::move(intent), "payment_intent.created");
  if (confirmed) return confirm(request, kept);
  return json::value(kept);
}

/// The intent of the path where its status is one of these; the error Stripe gives otherwise.
std::variant<json::object, ApiError> intent_in(Request& request, std::initializer_list<std::string_view> statuses,
                                               std::string_view action) {
  const auto* record = request.account.find("payment_intents", request.id);
  if (record == nullptr) return resource_missing("payment_intent", request.id);
  for (const auto status : statuses) {
    if (status_of(record->value) == status) return record->value;
  }
  return unexpected_state(record->value, action);
}

Answer update_intent(Request& request) {
  auto found = intent_in(request,
                         {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture",
                          "succeeded", "processing", "canceled"},
                         "updated");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  auto& intent = std::get<json::object>(found);
  if (const auto amount = request.params.integer("amount")) {
    if (status_of(intent) == "succeeded" || status_of(intent) == "canceled") {
      request.params.fail(unexpected_state(intent, "updated"));
    }
    intent["amount"] = *amount;
  }
  set_text(intent, "currency", request.params.text("currency"));
  apply(request, intent);
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.put("payment_intents", std::move(intent)));
}

Answer confirm_intent(Request& request) {
  auto found = intent_in(request, {"requires_payment_method", "requires_confirmation", "requires_action"}, "confirmed");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  auto& intent = std::get<json::object>(found);
  apply(request, intent);
  if (auto error = request.params.finish()) return *error;
  return confirm(request, std::move(intent));
}

Answer capture_intent(Request& request) {
  auto found = intent_in(request, {"requires_capture"}, "captured");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  auto intent = std::get<json::object>(std::move(found));
  const auto capturable = intent.at("amount_capturable").to_number<std::int64_t>();
  const auto amount = request.params.integer("amount_to_capture").value_or(capturable);
  if (amount < 1 || amount > capturable)
    request.params.fail(invalid_state("amount_too_large", "The amount is over what can be captured."));
  merge_metadata(intent, request.params);
  if (auto error = request.params.finish()) return *error;

  auto& account = request.account;
  auto charge = account.find("charges", sdk::string_at(intent, "latest_charge"))->value;
  const auto transaction =
      account.put("balance_transactions",
                  make_balance_transaction(account.new_id("txn_"), account.now(), amount, card_fee(amount),
                                           sdk::string_at(charge, "currency"), "charge", sdk::string_at(charge, "id")));
  charge["captured"] = true;
  charge["amount_captured"] = amount;
  charge["balance_transaction"] = transaction.at("id");
  account.update("charges", std::move(charge), {"charge.captured"});
  intent["amount_capturable"] = 0;
  intent["amount_received"] = amount;
  intent["status"] = "succeeded";
  return json::value(account.update("payment_intents", std::move(intent), {"payment_intent.succeeded"}));
}

Answer cancel_intent(Request& request) {
  auto found = intent_in(
      request, {"requires_payment_method", "requires_confirmation", "requires_action", "requires_capture"}, "canceled");
  if (auto* error = std::get_if<ApiError>(&found)) return *error;
  auto intent = std::get<json::object>(std::move(found));
  set_text(
      intent, "cancellation_reason",
      request.params.one_of("cancellation_reason", {"duplicate", "fraudulent", "requested_by_customer", "abandoned"}));
  if (auto error = request.params.finish()) return *error;
  intent["status"] = "canceled";
  intent["canceled_at"] = request.account.now();
  intent["amount_capturable"] = 0;
  return json::value(request.account.update("payment_intents", std::move(intent), {"payment_intent.canceled"}));
}

Answer list_intents(Request& request) {
  return list_objects(request.account, {"payment_intents", "/v1/payment_intents", {"customer"}}, request.params);
}
Answer get_intent(Request& request) {
  request.params.ignore({"client_secret"});
  return get_object(request, "payment_intents");
}

constexpr std::array<Route, 7> kRoutes{{{"GET", "/v1/payment_intents", list_intents},
                                        {"POST", "/v1/payment_intents", create_intent},
                                        {"GET", "/v1/payment_intents/{id}", get_intent},
                                        {"POST", "/v1/payment_intents/{id}", update_intent},
                                        {"POST", "/v1/payment_intents/{id}/confirm", confirm_intent},
                                        {"POST", "/v1/payment_intents/{id}/capture", capture_intent},
                                        {"POST", "/v1/payment_intents/{id}/cancel", cancel_intent}}};

Charged decline(Account& account, json::object intent, json::object charge) {
  charge["paid"] = false;
  charge["captured"] = false;
  charge["amount_captured"] = 0;
  charge["status"] = "failed";
  charge["failure_code"] = "card_declined";
  charge["failure_message"] = "Your card was declined.";
  const auto charge_id = sdk::string_at(charge, "id");
  account.add("charges", std::move(charge), "charge.failed");
  intent["status"] = "requires_payment_method";
  intent["latest_charge"] = charge_id;
  intent["payment_method"] = nullptr;
  intent["last_payment_error"] = json::object{{"charge", charge_id},
                                              {"code", "card_declined"},
                                              {"decline_code", "generic_decline"},
                                              {"message", "Your card was declined."},
                                              {"type", "card_error"}};
  ApiError error;
  error.status = 402;
  error.type = "card_error";
  error.code = "card_declined";
  error.message = "Your card was declined.";
  error.more = {{"decline_code", "generic_decline"}, {"charge", charge_id}, {"payment_intent", intent}};
  return {account.update("payment_intents", std::move(intent), {"payment_intent.payment_failed"}), std::move(error)};
}

}  // namespace

std::span<const Route> payment_intent_routes() {
  return kRoutes;
}

Charged charge_intent(Account& account, json::object intent) {
  const auto method = sdk::string_at(intent, "payment_method");
  const auto amount = intent.at("amount").to_number<std::int64_t>();
  const auto currency = sdk::string_at(intent, "currency");
  if (method.find("authenticationRequired") != std::string::npos) {
    intent["status"] = "requires_action";
    intent["next_action"] = json::object{{"type", "use_stripe_sdk"}, {"use_stripe_sdk", json::object()}};
    return {account.update("payment_intents", std::move(intent), {"payment_intent.requires_action"}), std::nullopt};
  }
  auto charge = make_charge(account.new_id("ch_"), account.now(), amount, currency);
  charge["payment_intent"] = intent.at("id");
  charge["payment_method"] = intent.at("payment_method");
  for (const auto* member : {"customer", "description", "metadata", "receipt_email"})
    charge[member] = intent.at(member);
  if (method.find("eclined") != std::string::npos) return decline(account, std::move(intent), std::move(charge));

  const auto charge_id = sdk::string_at(charge, "id");
  intent["latest_charge"] = charge_id;
  intent["last_payment_error"] = nullptr;
  if (sdk::string_at(intent, "capture_method") == "manual") {
    charge["captured"] = false;
    charge["amount_captured"] = 0;
    account.add("charges", std::move(charge), "charge.succeeded");
    intent["amount_capturable"] = amount;
    intent["status"] = "requires_capture";
    return {account.update("payment_intents", std::move(intent), {"payment_intent.amount_capturable_updated"}),
            std::nullopt};
  }
  const auto& transaction =
      account.put("balance_transactions", make_balance_transaction(account.new_id("txn_"), account.now(), amount,
                                                                   card_fee(amount), currency, "charge", charge_id));
  charge["balance_transaction"] = transaction.at("id");
  account.add("charges", std::move(charge), "charge.succeeded");
  intent["amount_received"] = amount;
  intent["status"] = "succeeded";
  Charged charged{account.update("payment_intents", std::move(intent), {"payment_intent.succeeded"}), std::nullopt};
  credit_attached_invoice(account, charged.intent);
  return charged;
}

}  // namespace patchbay::sandbox::stripe
