#include "tests/sandbox/quickbooks/dataset.hpp"

#include "tests/sandbox/quickbooks/records.hpp"

#include <array>
#include <set>

namespace patchbay::sandbox::quickbooks {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::uint64_t kIdsEach = 16;  // ids of one kind that a person has

struct Priced {
  std::string_view name;
  double price;
};
constexpr std::array<Priced, 8> kItems{{{"Labour hour", 95.0},
                                        {"Service call", 79.5},
                                        {"Copper pipe 15 mm", 12.35},
                                        {"Circuit breaker 20 A", 38.9},
                                        {"Water heater 50 gal", 1249.0},
                                        {"Smoke detector", 44.25},
                                        {"Network drop", 135.0},
                                        {"Permit", 210.0}}};
constexpr std::array<std::string_view, 5> kMethods{"Cash", "Check", "Visa", "MasterCard", "ACH"};
constexpr std::array<std::string_view, 6> kVendors{"Lakeside Supply", "Northern Wholesale", "City Fuel",
                                                   "Tool Depot",      "Harbor Rentals",     "County Permits"};
constexpr std::array<std::string_view, 5> kAccounts{"Job Materials", "Automobile:Fuel", "Equipment Rental",
                                                    "Permits and Fees", "Office Expenses"};

class Generator {
 public:
  Generator(Company& company, const Person& person, std::set<std::string>& names)
      : company_(company),
        person_(person),
        names_(names),
        random_(derived_random(company.context().seed, "quickbooks", person.number)) {}

  void run() {
    customer_ = customer_id(person_.number);
    put_customer();
    if (random_.chance(0.06)) put_project();
    const auto sales = random_.between(0, 2);
    for (std::int64_t i = 0; i < sales; ++i) sell();
    if (random_.chance(0.3)) put_estimate("Pending", moment());
    if (random_.chance(0.12)) put_receipt("SalesReceipt");
    if (random_.chance(0.03)) put_receipt("RefundReceipt");
    if (random_.chance(0.35)) put_purchase();
    if (random_.chance(0.15)) put_bill();
  }

 private:
  std::string generated(std::uint64_t index) const { return std::to_string(person_.number * kIdsEach + index + 1000); }
  std::int64_t epoch() const { return company_.context().epoch_ms; }
  std::int64_t moment() { return random_.between(person_.since_ms / 1000, epoch() / 1000 - 1) * 1000; }
  std::int64_t later(std::int64_t at) { return random_.between(at / 1000, epoch() / 1000 - 1) * 1000; }
  double money(std::int64_t low, std::int64_t high) {
    return rounded(static_cast<double>(random_.between(low, high)) / 100.0);
  }
  std::string number() const { return std::to_string(10'000 + person_.number * kIdsEach + made_); }

  /// One of a kind: QuickBooks refuses a name that is taken.
  std::string unique_name() {
    auto name = person_.display_name();
    if (!names_.insert(name).second) name += " " + std::to_string(person_.number);
    names_.insert(name);
    return name;
  }

  /// By what the hub can tell that this is the person the other services know.
  void set_contact(json::object& customer) {
    const bool both = person_.in_stripe && person_.in_jobber;
    const auto bond = both ? person_.bond : Bond::kEmail;
    const auto phone = national_spelling(person_.phone, person_.number + 1);
    if (bond == Bond::kNone) {
      customer["PrimaryEmailAddr"] = json::object{{"Address", "books." + person_.email}};
      return;
    }
    if (bond != Bond::kPhone) {
      const bool mixed = random_.chance(0.3);
      customer["PrimaryEmailAddr"] = json::object{{"Address", mixed ? mixed_case(person_.email) : person_.email}};
    }
    if (bond == Bond::kPhone || random_.chance(0.6)) customer["PrimaryPhone"] = json::object{{"FreeFormNumber", phone}};
  }

  void put_customer() {
    auto customer = make_customer(customer_, unique_name());
    customer["GivenName"] = person_.first_name;
    customer["FamilyName"] = person_.last_name;
    if (!person_.company.empty()) customer["CompanyName"] = person_.company;
    set_contact(customer);
    customer["BillAddr"] = make_address(person_.address);
    if (random_.chance(0.04)) {
      customer["Active"] = false;
      customer["DisplayName"] = sdk::string_at(customer, "DisplayName") + " (deleted)";
    }
    contact_ = customer;
    company_.put("Customer", std::move(customer), person_.since_ms, later(person_.since_ms));
  }

  /// A project is a customer below a customer, with its parent's contacts.
  void put_project() {
    project_ = std::to_string(5'000'000 + person_.number);
    auto project = make_customer(project_, person_.display_name() + " remodel " + std::to_string(person_.number));
    project["Job"] = true;
    project["IsProject"] = true;
    project["ParentRef"] = reference(customer_);
    for (const auto* name : {"PrimaryEmailAddr", "PrimaryPhone"}) {
      if (const auto* value = contact_.if_contains(name)) project[name] = *value;
    }
    company_.put("Customer", std::move(project), person_.since_ms, later(person_.since_ms));
  }

  json::array lines() {
    json::array out;
    const auto count = random_.between(1, 3);
    for (std::int64_t i = 0; i < count; ++i) {
      const auto index = random_.below(kItems.size());
      const auto& item = company_.find("Item", std::to_string(index + 1))->value;
      out.push_back(make_sales_line(item, kItems[index].price, static_cast<double>(random_.between(1, 6))));
    }
    return out;
  }

  const std::string& payer() { return !project_.empty() && random_.chance(0.5) ? project_ : customer_; }

  std::string put_estimate(std::string_view status, std::int64_t at) {
    const auto id = generated(made_++);
    auto estimate = make_sale("Estimate", id, customer_, lines(), at);
    estimate["DocNumber"] = "E" + number();
    estimate["TxnStatus"] = status;
    estimate["ExpirationDate"] = day_of(at + 30 * kDay);
    if (status != "Pending") estimate["AcceptedDate"] = day_of(at + kDay);
    company_.put("Estimate", std::move(estimate), at, later(at));
    return id;
  }

  void sell() {
    const auto at = moment();
    const auto id = generated(made_++);
    auto invoice = make_sale("Invoice", id, payer(), lines(), at);
    if (random_.chance(0.95)) invoice["DocNumber"] = number();
    invoice["DueDate"] = day_of(at + 30 * kDay);
    if (random_.chance(0.7)) invoice["EmailStatus"] = "EmailSent";
    if (random_.chance(0.4)) {
      const auto estimate = put_estimate("Closed", at - 3 * kDay);
      invoice["LinkedTxn"] = json::array{json::object{{"TxnId", estimate}, {"TxnType", "Estimate"}}};
    }
    if (random_.chance(0.03)) {
      invoice["TotalAmt"] = 0;
      invoice["Balance"] = 0;
      invoice["PrivateNote"] = "Voided";
    } else if (random_.chance(0.7)) {
      pay(invoice, at);
    }
    company_.put("Invoice", std::move(invoice), at, later(at));
  }

  void pay(json::object& invoice, std::int64_t at) {
    const bool part = random_.chance(0.15);
    const auto total = number_at(invoice, "TotalAmt");
    const auto amount = part ? rounded(total / 3) : total;
    const auto paid_at = later(at);
    auto payment = make_payment(generated(made_++), sdk::string_at(invoice, "CustomerRef.value"), amount, paid_at);
    payment["Line"] = json::array{make_settlement(sdk::string_at(invoice, "Id"), amount)};
    payment["UnappliedAmt"] = 0;
    if (random_.chance(0.8))
      payment["PaymentMethodRef"] = reference(std::to_string(1 + random_.below(kMethods.size())));
    if (random_.chance(0.5)) payment["PaymentRefNum"] = std::to_string(random_.between(1000, 99999));
    invoice["Balance"] = rounded(total - amount);
    company_.put("Payment", std::move(payment), paid_at, paid_at);
  }

  void put_receipt(std::string_view object) {
    const auto at = moment();
    auto receipt = make_sale(object, generated(made_++), payer(), lines(), at);
    receipt["DocNumber"] = (object == "SalesReceipt" ? "S" : "R") + number();
    receipt["PaymentMethodRef"] = reference(std::to_string(1 + random_.below(kMethods.size())));
    company_.put(object, std::move(receipt), at, later(at));
  }

  json::object expense(std::string_view object, std::int64_t at) {
    const auto amount = money(500, 90'000);
    const auto for_customer = random_.chance(0.5) ? customer_ : std::string();
    const auto account = random_.pick(kAccounts);
    json::object made{{"Id", generated(made_++)},
                      {"TxnDate", day_of(at)},
                      {"Line", json::array{make_expense_line(account, amount, "Materials and more", for_customer)}}};
    compute_totals(object, made, 0);
    return made;
  }

  void put_purchase() {
    constexpr std::array<std::string_view, 3> kTypes{"Cash", "Check", "CreditCard"};
    const auto at = moment();
    auto purchase = expense("Purchase", at);
    const auto vendor = random_.below(kVendors.size());
    purchase["PaymentType"] = random_.pick(kTypes);
    purchase["AccountRef"] = reference("41", "Checking");
    purchase["EntityRef"] =
        json::object{{"value", std::to_string(vendor + 1)}, {"name", kVendors[vendor]}, {"type", "Vendor"}};
    purchase["Credit"] = random_.chance(0.08);
    if (random_.chance(0.6)) purchase["DocNumber"] = "P" + number();
    company_.put("Purchase", std::move(purchase), at, later(at));
  }

  void put_bill() {
    const auto at = moment();
    auto bill = expense("Bill", at);
    const auto vendor = random_.below(kVendors.size());
    bill["VendorRef"] = reference(std::to_string(vendor + 1), kVendors[vendor]);
    bill["DueDate"] = day_of(at + 14 * kDay);
    if (random_.chance(0.6)) bill["Balance"] = 0;
    company_.put("Bill", std::move(bill), at, later(at));
  }

  Company& company_;
  const Person& person_;
  std::set<std::string>& names_;
  Random random_;
  std::string customer_, project_;
  json::object contact_;
  std::uint64_t made_ = 0;
};

void put_lists(Company& company) {
  const auto since = company.context().epoch_ms - 700 * kDay;
  const auto put = [&](std::string_view object, std::size_t index, std::string_view member, std::string_view name,
                       json::object record) {
    record["Id"] = std::to_string(index + 1);
    record[member] = name;
    record["Active"] = true;
    company.put(object, std::move(record), since, since + static_cast<std::int64_t>(index) * 1000);
  };
  for (std::size_t i = 0; i < kItems.size(); ++i)
    put("Item", i, "Name", kItems[i].name, {{"Type", "Service"}, {"UnitPrice", kItems[i].price}});
  for (std::size_t i = 0; i < kMethods.size(); ++i) put("PaymentMethod", i, "Name", kMethods[i], {});
  for (std::size_t i = 0; i < kVendors.size(); ++i) put("Vendor", i, "DisplayName", kVendors[i], {});
  for (std::size_t i = 0; i < kAccounts.size(); ++i)
    put("Account", i, "Name", kAccounts[i], {{"AccountType", "Expense"}});
}

}  // namespace

bool is_customer(const Person& person) {
  const bool both = person.in_stripe && person.in_jobber;
  const bool ambiguous = both && (person.bond == Bond::kAmbiguousEmail || person.bond == Bond::kAmbiguousPhone);
  return !ambiguous && person.number % 4 != 3;
}

std::string customer_id(std::size_t person) {
  return std::to_string(person + 1);
}

void generate_company(Company& company, const std::vector<Person>& people) {
  put_lists(company);
  std::set<std::string> names(kVendors.begin(), kVendors.end());
  for (const auto& person : people) {
    if (is_customer(person)) Generator(company, person, names).run();
  }
}

void add_hostile_customers(Company& company) {
  struct Hostile {
    std::string_view member, text;
  };
  constexpr std::array<Hostile, 5> kHostile{{{"CompanyName", R"("Nul \u0000 inside")"},
                                             {"Notes", R"("lone \ud83d surrogate")"},
                                             {"Balance", "123456789012345678901234567890"},
                                             {"BalanceWithJobs", "1e400"},
                                             {"Notes", R"("first","Notes":"second")"}}};
  std::uint64_t number = 40'000'000;
  for (const auto& hostile : kHostile) {
    const auto id = std::to_string(++number);
    auto customer = make_customer(id, "Hostile " + id);
    customer["PrimaryEmailAddr"] = json::object{{"Address", "hostile" + id + "@books.example.com"}};
    customer[hostile.member] = raw_fragment(hostile.text);
    company.put("Customer", std::move(customer), company.context().epoch_ms, company.context().epoch_ms);
  }
}

}  // namespace patchbay::sandbox::quickbooks
