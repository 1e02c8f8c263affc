// Charges, refunds and balance transactions.
#include "tests/sandbox/stripe/lists.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <array>

namespace patchbay::sandbox::stripe {
namespace {

std::int64_t number(const json::object& object, std::string_view member) {
  return object.at(member).to_number<std::int64_t>();
}

Answer list_charges(Request& request) {
  return list_objects(request.account, {"charges", "/v1/charges", {"customer", "payment_intent", "transfer_group"}},
                      request.params);
}
Answer get_charge(Request& request) {
  return get_object(request, "charges");
}

Answer update_charge(Request& request) {
  const auto* record = request.account.find("charges", request.id);
  if (record == nullptr) return resource_missing("charge", request.id);
  auto charge = record->value;
  for (const auto* member : {"description", "receipt_email", "transfer_group"})
    set_text(charge, member, request.params.text(member));
  merge_metadata(charge, request.params);
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.update("charges", std::move(charge), {"charge.updated"}));
}

const Record* charge_to_refund(Request& request) {
  if (const auto id = request.params.text("charge")) {
    const auto* charge = request.account.find("charges", *id);
    if (charge == nullptr) request.params.fail(resource_missing("charge", *id, "charge"));
    return charge;
  }
  const auto id = request.params.required_text("payment_intent");
  const auto* intent = request.account.find("payment_intents", id);
  if (intent == nullptr) {
    request.params.fail(resource_missing("payment_intent", id, "payment_intent"));
    return nullptr;
  }
  const auto* charge = request.account.find("charges", sdk::string_at(intent->value, "latest_charge"));
  if (charge == nullptr) {
    request.params.fail(invalid_state("payment_intent_unexpected_state",
                                      "This PaymentIntent does not have a successful charge to refund."));
  }
  return charge;
}

std::optional<ApiError> refusal(const json::object& charge, std::int64_t amount) {
  const auto id = sdk::string_at(charge, "id");
  if (!charge.at("paid").as_bool()) return invalid_state("", "This charge has not succeeded and cannot be refunded.");
  const auto left = number(charge, "amount_captured") - number(charge, "amount_refunded");
  if (left == 0) return invalid_state("charge_already_refunded", "Charge " + id + " has already been refunded.");
  if (amount < 1 || amount > left) {
    auto error = invalid_state("", "Refund amount (" + std::to_string(amount) +
                                       ") is greater than unrefunded amount on charge (" + std::to_string(left) + ")");
    error.param = "amount";
    return error;
  }
  return std::nullopt;
}

Answer create_refund(Request& request) {
  auto& account = request.account;
  const auto* record = charge_to_refund(request);
  const auto asked = request.params.integer("amount");
  const auto reason = request.params.one_of("reason", {"duplicate", "fraudulent", "requested_by_customer"});
  json::object metadata_holder;
  merge_metadata(metadata_holder, request.params);
  if (auto error = request.params.finish()) return *error;

  auto charge = record->value;
  const auto amount = asked.value_or(number(charge, "amount_captured") - number(charge, "amount_refunded"));
  if (auto error = refusal(charge, amount)) return *error;
  const auto currency = sdk::string_at(charge, "currency");
  auto refund = make_refund(account.new_id("re_"), account.now(), amount, currency);
  refund["charge"] = charge.at("id");
  refund["payment_intent"] = charge.at("payment_intent");
  set_text(refund, "reason", reason);
  if (const auto* metadata = metadata_holder.if_contains("metadata")) refund["metadata"] = *metadata;
  const auto& transaction =
      account.put("balance_transactions", make_balance_transaction(account.new_id("txn_"), account.now(), -amount, 0,
                                                                   currency, "refund", sdk::string_at(refund, "id")));
  refund["balance_transaction"] = transaction.at("id");
  const auto kept = account.add("refunds", std::move(refund), "refund.created");
  charge["amount_refunded"] = number(charge, "amount_refunded") + amount;
  charge["refunded"] = number(charge, "amount_refunded") == number(charge, "amount");
  account.update("charges", std::move(charge), {"charge.refunded"});
  return json::value(kept);
}

Answer update_refund(Request& request) {
  const auto* record = request.account.find("refunds", request.id);
  if (record == nullptr) return resource_missing("refund", request.id);
  auto refund = record->value;
  merge_metadata(refund, request.params);
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.update("refunds", std::move(refund), {"refund.updated"}));
}

Answer cancel_refund(Request& request) {
  const auto* record = request.account.find("refunds", request.id);
  if (record == nullptr) return resource_missing("refund", request.id);
  if (auto error = request.params.finish()) return *error;
  if (sdk::string_at(record->value, "status") != "requires_action") {
    return invalid_state("", "This refund cannot be canceled: only a refund in requires_action can.");
  }
  auto refund = record->value;
  refund["status"] = "canceled";
  return json::value(request.account.update("refunds", std::move(refund), {"refund.updated"}));
}

Answer list_refunds(Request& request) {
  return list_objects(request.account, {"refunds", "/v1/refunds", {"charge", "payment_intent"}}, request.params);
}
Answer get_refund(Request& request) {
  return get_object(request, "refunds");
}

Answer list_transactions(Request& request) {
  return list_objects(request.account,
                      {"balance_transactions", "/v1/balance_transactions", {"type", "currency", "source"}},
                      request.params);
}
Answer get_transaction(Request& request) {
  return get_object(request, "balance_transactions");
}

constexpr std::array<Route, 10> kRoutes{{{"GET", "/v1/charges", list_charges},
                                         {"GET", "/v1/charges/{id}", get_charge},
                                         {"POST", "/v1/charges/{id}", update_charge},
                                         {"GET", "/v1/refunds", list_refunds},
                                         {"POST", "/v1/refunds", create_refund},
                                         {"GET", "/v1/refunds/{id}", get_refund},
                                         {"POST", "/v1/refunds/{id}", update_refund},
                                         {"POST", "/v1/refunds/{id}/cancel", cancel_refund},
                                         {"GET", "/v1/balance_transactions", list_transactions},
                                         {"GET", "/v1/balance_transactions/{id}", get_transaction}}};

}  // namespace

std::span<const Route> charge_routes() {
  return kRoutes;
}

}  // namespace patchbay::sandbox::stripe
