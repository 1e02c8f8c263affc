// What a payer's bank takes back, and what Stripe pays out.
#include "tests/sandbox/stripe/disputes.hpp"

#include "tests/sandbox/stripe/lists.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/routes.hpp"

#include <array>

namespace patchbay::sandbox::stripe {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::size_t kTransactionsOfPayout = 20;

std::int64_t number(const json::object& object, std::string_view member) {
  return object.at(member).to_number<std::int64_t>();
}

Answer list_disputes(Request& request) {
  return list_objects(request.account, {"disputes", "/v1/disputes", {"charge", "payment_intent"}}, request.params);
}
Answer get_dispute(Request& request) {
  return get_object(request, "disputes");
}

/// The merchant gives in.
Answer close_dispute(Request& request) {
  const auto* record = request.account.find("disputes", request.id);
  if (record == nullptr) return resource_missing("dispute", request.id);
  if (auto error = request.params.finish()) return *error;
  const auto status = sdk::string_at(record->value, "status");
  if (status == "won" || status == "lost") return invalid_state("", "This dispute is already closed.");
  return json::value(settle_dispute(request.account, record->value, "lost"));
}

Answer list_payouts(Request& request) {
  return list_objects(request.account, {"payouts", "/v1/payouts", {"status", "destination"}}, request.params);
}
Answer get_payout(Request& request) {
  return get_object(request, "payouts");
}

json::object make_payout(std::string_view id, std::int64_t created, std::int64_t amount, std::string_view currency) {
  return {{"id", id},
          {"object", "payout"},
          {"amount", amount},
          {"arrival_date", created + 2 * kDaySeconds},
          {"automatic", true},
          {"balance_transaction", nullptr},
          {"created", created},
          {"currency", currency},
          {"description", "STRIPE PAYOUT"},
          {"destination", "ba_1SandboxBankAccount"},
          {"failure_code", nullptr},
          {"failure_message", nullptr},
          {"livemode", false},
          {"metadata", json::object()},
          {"method", "standard"},
          {"reconciliation_status", "completed"},
          {"source_type", "card"},
          {"statement_descriptor", nullptr},
          {"status", "paid"},
          {"type", "bank_account"}};
}

Answer create_payout(Request& request) {
  const auto amount = request.params.required_integer("amount");
  const auto currency = request.params.required_text("currency");
  auto payout = make_payout(request.account.new_id("po_"), request.account.now(), amount, currency);
  payout["automatic"] = false;
  payout["status"] = "pending";
  payout["reconciliation_status"] = "not_applicable";
  set_text(payout, "description", request.params.text("description"));
  merge_metadata(payout, request.params);
  request.params.ignore({"method", "destination", "source_type", "statement_descriptor"});
  if (auto error = request.params.finish()) return *error;
  return json::value(request.account.add("payouts", std::move(payout), "payout.created"));
}

constexpr std::array<Route, 6> kRoutes{{{"GET", "/v1/disputes", list_disputes},
                                        {"GET", "/v1/disputes/{id}", get_dispute},
                                        {"POST", "/v1/disputes/{id}/close", close_dispute},
                                        {"GET", "/v1/payouts", list_payouts},
                                        {"POST", "/v1/payouts", create_payout},
                                        {"GET", "/v1/payouts/{id}", get_payout}}};

}  // namespace

std::span<const Route> dispute_routes() {
  return kRoutes;
}

json::object open_dispute(Account& account, const json::object& charge, std::int64_t amount) {
  json::object dispute{{"id", account.new_id("du_")},
                       {"object", "dispute"},
                       {"amount", amount},
                       {"balance_transactions", json::array()},
                       {"charge", charge.at("id")},
                       {"created", account.now()},
                       {"currency", charge.at("currency")},
                       {"evidence_details", json::object{{"due_by", account.now() + 7 * kDaySeconds},
                                                         {"has_evidence", false},
                                                         {"past_due", false},
                                                         {"submission_count", 0}}},
                       {"is_charge_refundable", false},
                       {"livemode", false},
                       {"metadata", json::object()},
                       {"payment_intent", charge.at("payment_intent")},
                       {"reason", "fraudulent"},
                       {"status", "needs_response"}};
  auto disputed = charge;
  disputed["disputed"] = true;
  account.put("charges", std::move(disputed));
  const json::object made = account.add("disputes", std::move(dispute), "charge.dispute.created");
  account.emit("charge.dispute.funds_withdrawn", made);
  return made;
}

json::object settle_dispute(Account& account, json::object dispute, std::string_view status) {
  dispute["status"] = status;
  const json::object settled = account.update("disputes", std::move(dispute), {"charge.dispute.closed"});
  if (status == "won") account.emit("charge.dispute.funds_reinstated", settled);
  return settled;
}

void generate_payouts(Account& account) {
  std::vector<const Record*> transactions(account.table("balance_transactions").by_created());
  std::size_t index = 0;
  for (std::size_t from = 0; from + kTransactionsOfPayout <= transactions.size(); from += kTransactionsOfPayout) {
    std::int64_t net = 0;
    for (std::size_t at = from; at < from + kTransactionsOfPayout; ++at) net += number(transactions[at]->value, "net");
    const auto last = number(transactions[from + kTransactionsOfPayout - 1]->value, "created");
    auto random = derived_random(account.context().seed, account.key() + ".payout", index++);
    if (net > 0) account.put("payouts", make_payout("po_" + random.letters_and_digits(24), last, net, "usd"));
  }
}

}  // namespace patchbay::sandbox::stripe
