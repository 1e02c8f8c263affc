#include "tests/sandbox/stripe/dataset.hpp"

#include "tests/sandbox/stripe/disputes.hpp"
#include "tests/sandbox/stripe/objects.hpp"

#include <array>
#include <cstdio>

namespace patchbay::sandbox::stripe {
namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::array<std::string_view, 10> kWork{
    "Panel upgrade", "Drain cleaning",  "Quarterly maintenance", "Outlet installation", "Water heater",
    "On-site visit", "Network cabling", "Gutter repair",         "Emergency call-out",  "Lighting retrofit"};

std::string generated_id(const Account& account, std::string_view prefix, std::string_view purpose, std::uint64_t index,
                         std::size_t length) {
  auto random = derived_random(account.context().seed, account.key() + "." + std::string(purpose), index);
  return std::string(prefix) + random.letters_and_digits(length);
}

/// How Stripe knows a person, by the bond to the other service's record.
void set_contact(json::object& customer, const Person& person) {
  const bool both = person.in_stripe && person.in_jobber;
  customer["email"] = person.email;
  customer["phone"] = person.phone;
  if (!both) return;
  switch (person.bond) {
    case Bond::kEmail:
    case Bond::kEmailCase:
      break;
    case Bond::kPhone:
    case Bond::kNone:
      customer["email"] = person.number % 2 == 0 ? json::value(nullptr) : json::value(person.other_email);
      break;
    case Bond::kAmbiguousEmail:
      customer["phone"] = nullptr;
      break;
    case Bond::kAmbiguousPhone:
      customer["email"] = nullptr;
      break;
  }
}

class Generator {
 public:
  Generator(Account& account, const Person& person)
      : account_(account),
        person_(person),
        random_(derived_random(account.context().seed, account.key() + ".stripe", person.number)) {}

  void run() {
    customer_ = make_customer(customer_id(account_, person_.number), seconds(person_.since_ms));
    customer_["name"] = person_.display_name();
    set_contact(customer_, person_);
    customer_["address"] = json::object{{"city", person_.address.city},
                                        {"country", person_.address.country},
                                        {"line1", person_.address.street},
                                        {"line2", nullptr},
                                        {"postal_code", person_.address.postal_code},
                                        {"state", person_.address.state}};
    customer_["currency"] = "usd";
    if (random_.chance(0.3)) customer_["metadata"] = json::object{{"source", "website"}};
    const auto purchases = random_.between(0, 2);
    for (std::int64_t i = 0; i < purchases; ++i) purchase();
    event("customer.created", customer_, seconds(person_.since_ms));
    account_.put("customers", customer_);
    add_twin();
  }

 private:
  static std::int64_t seconds(std::int64_t milliseconds) { return milliseconds / 1000; }
  std::int64_t epoch() const { return seconds(account_.context().epoch_ms); }

  std::string next_id(std::string_view prefix) {
    return generated_id(account_, prefix, prefix, person_.number * 64 + ++ids_, 24);
  }

  void event(std::string_view type, const json::object& object, std::int64_t at) {
    if (at < epoch() - kEventDays * kDaySeconds) return;
    account_.keep_event(next_id("evt_"), at, type, object);
  }

  /// A moment after the customer came, not after the epoch.
  std::int64_t moment() { return random_.between(seconds(person_.since_ms), epoch() - 1); }

  void purchase() {
    const auto at = moment();
    const auto amount = random_.between(4'000, 250'000);
    const auto what = random_.pick(kWork);
    if (random_.chance(0.5)) {
      invoice(at, amount, what);
    } else {
      pay(intent(at, amount, what), at);
    }
  }

  json::object intent(std::int64_t at, std::int64_t amount, std::string_view what) {
    auto intent = make_payment_intent(next_id("pi_"), at, amount, "usd");
    intent["customer"] = customer_.at("id");
    intent["description"] = what;
    intent["receipt_email"] = customer_.at("email");
    return intent;
  }

  /// Most succeed, some fail, some of the paid ones are refunded in part or whole.
  bool pay(json::object intent, std::int64_t at) {
    const auto amount = intent.at("amount").to_number<std::int64_t>();
    const auto intent_id = sdk::string_at(intent, "id");
    const bool succeeds = random_.chance(0.92);
    auto charge = make_charge(next_id("ch_"), at, amount, "usd");
    const auto charge_id = sdk::string_at(charge, "id");
    charge["customer"] = customer_.at("id");
    charge["payment_intent"] = intent_id;
    charge["description"] = intent.at("description");
    charge["billing_details"].as_object()["name"] = person_.full_name();
    charge["billing_details"].as_object()["email"] = customer_.at("email");
    intent["latest_charge"] = charge_id;
    if (succeeds) {
      charge["balance_transaction"] = transaction(at, amount, card_fee(amount), "charge", charge_id);
      if (random_.chance(0.08)) refund(charge, at);
      intent["status"] = "succeeded";
      intent["amount_received"] = amount;
      intent["payment_method"] = generated_id(account_, "pm_", "pm", person_.number, 24);
    } else {
      charge["paid"] = false;
      charge["captured"] = false;
      charge["amount_captured"] = 0;
      charge["status"] = "failed";
      charge["failure_code"] = "card_declined";
      charge["failure_message"] = "Your card was declined.";
    }
    event(succeeds ? "charge.succeeded" : "charge.failed", charge, at);
    event(succeeds ? "payment_intent.succeeded" : "payment_intent.payment_failed", intent, at);
    account_.put("charges", std::move(charge));
    account_.put("payment_intents", std::move(intent));
    return succeeds;
  }

  std::string transaction(std::int64_t at, std::int64_t amount, std::int64_t fee, std::string_view type,
                          std::string_view source) {
    auto value = make_balance_transaction(next_id("txn_"), at, amount, fee, "usd", type, source);
    return sdk::string_at(account_.put("balance_transactions", std::move(value)), "id");
  }

  void refund(json::object& charge, std::int64_t paid_at) {
    const auto whole = charge.at("amount").to_number<std::int64_t>();
    const auto amount = random_.chance(0.5) ? whole : whole / 2;
    const auto at = random_.between(paid_at, epoch() - 1);
    auto refund = make_refund(next_id("re_"), at, amount, "usd");
    refund["charge"] = charge.at("id");
    refund["payment_intent"] = charge.at("payment_intent");
    refund["reason"] = "requested_by_customer";
    refund["balance_transaction"] = transaction(at, -amount, 0, "refund", sdk::string_at(refund, "id"));
    charge["amount_refunded"] = amount;
    charge["refunded"] = amount == whole;
    event("refund.created", refund, at);
    account_.put("refunds", std::move(refund));
  }

  void invoice(std::int64_t at, std::int64_t amount, std::string_view what) {
    auto invoice = make_invoice(next_id("in_"), at, "usd", customer_);
    const auto id = sdk::string_at(invoice, "id");
    const auto item_id = next_id("ii_");
    account_.put("invoiceitems", json::object{{"id", item_id},
                                              {"object", "invoiceitem"},
                                              {"amount", amount},
                                              {"currency", "usd"},
                                              {"customer", customer_.at("id")},
                                              {"date", at},
                                              {"description", what},
                                              {"discountable", true},
                                              {"invoice", id},
                                              {"livemode", false},
                                              {"metadata", json::object()},
                                              {"quantity", 1},
                                              {"created", at}});
    invoice["lines"].as_object()["data"] = json::array{make_line(next_id("il_"), id, item_id, amount, "usd", what, at)};
    for (const auto* member : {"subtotal", "total", "amount_due", "amount_remaining"}) invoice[member] = amount;
    invoice["collection_method"] = "send_invoice";
    invoice["due_date"] = at + 30 * kDaySeconds;
    event("invoice.created", invoice, at);
    if (!random_.chance(0.1)) open(invoice, at, amount);
    account_.put("invoices", std::move(invoice));
  }

  void open(json::object& invoice, std::int64_t at, std::int64_t amount) {
    const auto id = sdk::string_at(invoice, "id");
    auto& transitions = invoice["status_transitions"].as_object();
    std::array<char, 16> counted{};
    const auto sequence = customer_.at("next_invoice_sequence").to_number<std::int64_t>();
    std::snprintf(counted.data(), counted.size(), "-%04lld", static_cast<long long>(sequence));
    customer_["next_invoice_sequence"] = sequence + 1;
    invoice["number"] = sdk::string_at(customer_, "invoice_prefix") + counted.data();
    invoice["status"] = "open";
    invoice["effective_at"] = at;
    invoice["hosted_invoice_url"] = "https://invoice.stripe.com/i/" + account_.id() + "/" + id;
    transitions["finalized_at"] = at;
    auto payment_intent = intent(at, amount, "Invoice " + sdk::string_at(invoice, "number"));
    auto payment = make_invoice_payment(next_id("inpay_"), at, amount, "usd", id, sdk::string_at(payment_intent, "id"));
    const auto fate = random_.fraction();
    if (fate < 0.6) {
      const auto paid_at = random_.between(at, epoch() - 1);
      invoice["attempted"] = true;
      if (pay(std::move(payment_intent), paid_at)) mark_paid(invoice, payment, paid_at, amount);
    } else {
      if (fate > 0.95) {
        invoice["status"] = "void";
        transitions["voided_at"] = at;
        payment["status"] = "canceled";
        payment_intent["status"] = "canceled";
      }
      account_.put("payment_intents", std::move(payment_intent));
    }
    account_.put("invoice_payments", std::move(payment));
  }

  void mark_paid(json::object& invoice, json::object& payment, std::int64_t at, std::int64_t amount) {
    invoice["status"] = "paid";
    invoice["attempt_count"] = 1;
    invoice["amount_paid"] = amount;
    invoice["amount_remaining"] = 0;
    invoice["status_transitions"].as_object()["paid_at"] = at;
    payment["status"] = "paid";
    payment["amount_paid"] = amount;
    payment["status_transitions"].as_object()["paid_at"] = at;
    event("invoice.paid", invoice, at);
  }

  /// Every second shared contact is shared by two customers here, the others by two clients of the other service.
  void add_twin() {
    const bool shared = person_.bond == Bond::kAmbiguousEmail || person_.bond == Bond::kAmbiguousPhone;
    if (!shared || !person_.in_jobber || person_.number % 2 != 0) return;
    auto twin =
        make_customer(generated_id(account_, "cus_", "twin", person_.number, 14), seconds(person_.since_ms) + 60);
    twin["name"] = "Robin " + person_.last_name;
    twin["email"] = customer_.at("email");
    twin["phone"] = customer_.at("phone");
    account_.put("customers", std::move(twin));
  }

  Account& account_;
  const Person& person_;
  Random random_;
  json::object customer_;
  std::uint64_t ids_ = 0;
};

}  // namespace

std::string customer_id(const Account& account, std::size_t person) {
  return generated_id(account, "cus_", "customer", person, 14);
}

void generate_account(Account& account, const std::vector<Person>& people) {
  for (const auto& person : people) {
    if (person.in_stripe) Generator(account, person).run();
  }
  generate_payouts(account);
}

void add_hostile_customers(Account& account) {
  struct Hostile {
    std::string_view id, member, text;
  };
  constexpr std::array<Hostile, 6> kHostile{{{"cus_hostileNul001", "name", R"("Nul \u0000 inside")"},
                                             {"cus_hostileSurr02", "name", R"("lone \ud83d surrogate")"},
                                             {"cus_hostileBig003", "balance", "123456789012345678901234567890"},
                                             {"cus_hostileExp004", "balance", "1e400"},
                                             {"cus_hostileDup005", "name", R"("first","name":"second")"},
                                             {"cus_hostileFlt006", "balance", "0.1000000000000000055511151231257827"}}};
  for (const auto& hostile : kHostile) {
    auto customer = make_customer(hostile.id, account.context().epoch_ms / 1000);
    customer["name"] = "Hostile";
    customer["email"] = std::string(hostile.id) + "@hostile.example.com";
    customer[hostile.member] = raw_fragment(hostile.text);
    account.put("customers", std::move(customer));
  }
}

}  // namespace patchbay::sandbox::stripe
