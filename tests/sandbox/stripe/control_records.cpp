// Stripe's side of the control calls: the truth, and changes made "in the dashboard".
#include "tests/sandbox/stripe/dataset.hpp"
#include "tests/sandbox/stripe/disputes.hpp"
#include "tests/sandbox/stripe/objects.hpp"
#include "tests/sandbox/stripe/stripe_service.hpp"

#include <algorithm>
#include <array>

namespace patchbay::sandbox {

using stripe::Account;

namespace {

struct Kind {
  std::string_view name, prefix, event;  // event: what comes before ".created"
};
constexpr std::array<Kind, 11> kKinds{{{"customers", "cus_", "customer"},
                                       {"payment_intents", "pi_", "payment_intent"},
                                       {"charges", "ch_", "charge"},
                                       {"refunds", "re_", "refund"},
                                       {"disputes", "du_", "charge.dispute"},
                                       {"payouts", "po_", "payout"},
                                       {"invoices", "in_", "invoice"},
                                       {"invoiceitems", "ii_", "invoiceitem"},
                                       {"invoice_payments", "inpay_", "invoice_payment"},
                                       {"balance_transactions", "txn_", ""},
                                       {"events", "evt_", ""}}};

const Kind* find_kind(std::string_view name) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& kind) { return kind.name == name; });
  return found == kKinds.end() ? nullptr : &*found;
}

std::int64_t number(const json::object& members, std::string_view name, std::int64_t fallback) {
  const auto* value = members.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : fallback;
}

sdk::Result<json::object> new_object(const Account& account, const Kind& kind, const json::object& members) {
  const auto id = account.new_id(kind.prefix);
  const auto amount = number(members, "amount", 1000);
  if (kind.name == "customers") return stripe::make_customer(id, account.now());
  if (kind.name == "payment_intents") return stripe::make_payment_intent(id, account.now(), amount, "usd");
  if (kind.name == "charges") return stripe::make_charge(id, account.now(), amount, "usd");
  if (kind.name == "refunds") return stripe::make_refund(id, account.now(), amount, "usd");
  if (kind.name != "invoices")
    return sdk::invalid_error("sandbox.record", "this kind is made by the service's own calls only");
  const auto* customer = account.find("customers", sdk::string_at(members, "customer"));
  if (customer == nullptr)
    return sdk::invalid_error("sandbox.record", "an invoice needs a customer that exists", "customer");
  return stripe::make_invoice(id, account.now(), "usd", customer->value);
}

void merge(json::object& object, const json::object& members) {
  for (const auto& member : members) {
    if (member.key() != "id" && member.key() != "object") object[member.key()] = member.value();
  }
}

sdk::Error not_found(std::string what) {
  return sdk::not_found_error("sandbox.not_found", std::move(what));
}

}  // namespace

std::vector<std::string> StripeService::kinds() const {
  std::vector<std::string> names;
  for (const auto& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

sdk::Result<Account*> StripeService::find_account(const RecordKind& kind) const {
  if (find_kind(kind.kind) == nullptr) return not_found("stripe has no kind " + kind.kind);
  if (kind.account.empty() || kind.account == main_->key()) return main_.get();
  if (kind.account == second_->key()) return second_.get();
  return not_found("stripe has no account " + kind.account + "; there are main and acct2");
}

sdk::Result<json::array> StripeService::truth(const RecordKind& kind) const {
  PATCHBAY_ASSIGN(const auto* account, find_account(kind));
  const auto& order = account->table(kind.kind).by_created();
  json::array records;
  records.reserve(order.size());
  for (auto record = order.rbegin(); record != order.rend(); ++record) records.push_back((*record)->value);
  return records;
}

sdk::Result<json::value> StripeService::create_record(const RecordKind& kind, const json::object& members) {
  PATCHBAY_ASSIGN(auto* account, find_account(kind));
  const auto& described = *find_kind(kind.kind);
  if (kind.kind == "disputes") {
    const auto* charge = account->find("charges", sdk::string_at(members, "charge"));
    if (charge == nullptr)
      return sdk::invalid_error("sandbox.record", "a dispute needs a charge that exists", "charge");
    const auto amount = number(members, "amount", charge->value.at("amount").to_number<std::int64_t>());
    return json::value(stripe::open_dispute(*account, charge->value, amount));
  }
  PATCHBAY_ASSIGN(auto object, new_object(*account, described, members));
  merge(object, members);
  return json::value(account->add(kind.kind, std::move(object), std::string(described.event) + ".created"));
}

sdk::Result<json::value> StripeService::change_record(const RecordKind& kind, std::string_view id,
                                                      const json::object& members) {
  PATCHBAY_ASSIGN(auto* account, find_account(kind));
  const auto* record = account->find(kind.kind, id);
  if (record == nullptr) return not_found("no such " + stripe::noun_of(kind.kind));
  const auto& described = *find_kind(kind.kind);
  if (described.event.empty()) return sdk::invalid_error("sandbox.record", "records of this kind never change");
  const auto status = sdk::string_at(members, "status");
  if (kind.kind == "disputes" && (status == "won" || status == "lost"))
    return json::value(stripe::settle_dispute(*account, record->value, status));
  auto object = record->value;
  merge(object, members);
  const auto event = std::string(described.event) + ".updated";
  return json::value(account->update(kind.kind, std::move(object), {event}));
}

sdk::Result<json::value> StripeService::remove_record(const RecordKind& kind, std::string_view id) {
  PATCHBAY_ASSIGN(auto* account, find_account(kind));
  const auto* record = account->find(kind.kind, id);
  if (record == nullptr) return not_found("no such " + stripe::noun_of(kind.kind));
  if (kind.kind != "customers" && kind.kind != "invoices") {
    return sdk::invalid_error("sandbox.record", "Stripe deletes customers and invoices only");
  }
  const auto object = record->value;
  const auto noun = stripe::noun_of(kind.kind);
  account->erase(kind.kind, id);
  json::object tombstone{{"id", object.at("id")}, {"object", noun}, {"deleted", true}};
  if (kind.kind == "customers") account->put("deleted", tombstone);
  account->emit(noun + ".deleted", object);
  return json::value(std::move(tombstone));
}

sdk::Result<json::value> StripeService::change_random_record(const RecordKind& kind, Random& random) {
  PATCHBAY_ASSIGN(auto* account, find_account(kind));
  const auto& order = account->table(kind.kind).by_created();
  if (order.empty()) return not_found("there is no record to change");
  const auto* record = random.pick(order);
  json::object change;
  auto metadata = record->value.contains("metadata") ? record->value.at("metadata") : json::value(json::object());
  if (metadata.is_object()) metadata.get_object()["burst"] = random.letters_and_digits(12);
  change["metadata"] = std::move(metadata);
  if (kind.kind == "customers") {
    change["phone"] = record->value.at("phone");
    change["description"] = "Changed " + random.letters_and_digits(8);
  }
  return change_record(kind, std::string(record->id), change);
}

std::vector<Contact> StripeService::contacts() const {
  std::map<std::string, std::int64_t> numbers;
  for (const auto& person : context_.people) {
    if (person.in_stripe)
      numbers[stripe::customer_id(*main_, person.number)] = static_cast<std::int64_t>(person.number);
  }
  std::vector<Contact> contacts;
  for (const auto* record : main_->table("customers").by_created()) {
    const auto number_of = numbers.find(record->id);
    contacts.push_back({record->id, sdk::string_at(record->value, "email"), sdk::string_at(record->value, "phone"),
                        number_of == numbers.end() ? -1 : number_of->second});
  }
  return contacts;
}

void StripeService::add_hostile_records() {
  stripe::add_hostile_customers(*main_);
}

}  // namespace patchbay::sandbox
