#include "tests/sandbox/jobber/dataset.hpp"

#include "tests/sandbox/jobber/records.hpp"

#include <array>

namespace patchbay::sandbox::jobber {
namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::uint64_t kUserCount = 6;
constexpr std::array<std::string_view, 10> kWork{
    "Panel upgrade",  "Drain cleaning",  "Quarterly maintenance", "Outlet installation", "Water heater replacement",
    "Spring tune-up", "Network cabling", "Gutter repair",         "Emergency call-out",  "Lighting retrofit"};
constexpr std::array<std::string_view, 5> kGoods{"Materials", "Fuel", "Equipment rental", "Permit fee", "Disposal"};

class Generator {
 public:
  Generator(Books& books, const Person& person)
      : books_(books), person_(person), random_(derived_random(books.context().seed, "jobber", person.number)) {}

  void run() {
    const auto id = client_id(person_.number);
    auto client = make_client(id);
    client["firstName"] = person_.first_name;
    client["lastName"] = person_.last_name;
    if (!person_.company.empty()) {
      client["companyName"] = person_.company;
      client["isCompany"] = true;
    }
    client["isLead"] = random_.chance(0.1);
    client["isArchived"] = random_.chance(0.04);
    client["isArchivable"] = client["isArchived"] == false;
    client["billingAddress"] = make_address(person_.address);
    set_contacts(client);
    stamp(client, person_.since_ms);
    refresh_client(client);
    property_ = generated("Property", 0);
    auto property = make_property(property_, id, client["billingAddress"].as_object());
    stamp(property, person_.since_ms);
    books_.put("properties", std::move(property));
    client_ = client;
    const auto jobs = random_.between(0, 2);
    for (std::int64_t i = 0; i < jobs; ++i) work();
    if (random_.chance(0.4)) open_quote();
    if (random_.chance(0.3)) ask();
    client["balance"] = rounded(balance_);
    books_.put("clients", client);
    add_twin(client);
  }

 private:
  std::string generated(std::string_view type, std::uint64_t index) const {
    return encode_id(type, person_.number * 16 + index + 1);
  }
  std::int64_t epoch() const { return books_.context().epoch_ms; }
  std::int64_t moment() { return random_.between(person_.since_ms / 1000, epoch() / 1000 - 1) * 1000; }
  /// Amounts of whole cents.
  double money(std::int64_t low, std::int64_t high) {
    return rounded(static_cast<double>(random_.between(low, high)) / 100.0);
  }

  void stamp(json::object& record, std::int64_t at) {
    record["createdAt"] = format_seconds(at);
    record["updatedAt"] = format_seconds(random_.between(at / 1000, epoch() / 1000 - 1) * 1000);
  }

  void add_email(json::object& client, std::string_view address, bool primary) {
    auto& emails = client["emails"].as_array();
    emails.push_back(make_email(generated("Email", emails.size()), address, primary, primary ? "MAIN" : "OTHER"));
  }

  void add_phone(json::object& client, std::string_view number) {
    auto& phones = client["phones"].as_array();
    phones.push_back(make_phone(generated("ClientPhoneNumber", phones.size()), number, true));
  }

  /// How Jobber knows a person, by the bond to the other service's record.
  void set_contacts(json::object& client) {
    const auto spelt = national_spelling(person_.phone, person_.number);
    const auto bond = person_.in_stripe ? person_.bond : Bond::kEmail;
    switch (bond) {
      case Bond::kEmail:
        add_email(client, person_.email, true);
        if (random_.chance(0.2)) add_email(client, "second." + person_.other_email, false);
        add_phone(client, spelt);
        break;
      case Bond::kEmailCase:
        add_email(client, mixed_case(person_.email), true);
        if (random_.chance(0.5)) add_phone(client, spelt);
        break;
      case Bond::kPhone:
        if (random_.chance(0.5)) add_email(client, person_.email, true);
        add_phone(client, spelt);
        break;
      case Bond::kNone:
        add_email(client, person_.email, true);
        add_phone(client, national_spelling(person_.other_phone, person_.number));
        break;
      case Bond::kAmbiguousEmail:
        add_email(client, person_.email, true);
        break;
      case Bond::kAmbiguousPhone:
        add_phone(client, spelt);
        break;
    }
  }

  void work() {
    const auto index = ++jobs_;
    const auto at = moment();
    const auto total = money(4'000, 400'000);
    const auto title = random_.pick(kWork);
    auto job = make_job(generated("Job", index), sdk::string_at(client_, "id"), property_,
                        static_cast<std::int64_t>(person_.number * 4 + index));
    job["title"] = random_.chance(0.05) ? json::value(nullptr) : json::value(title);
    job["total"] = total;
    job["uninvoicedTotal"] = total;
    job["jobType"] = random_.chance(0.15) ? "RECURRING" : "ONE_OFF";
    const bool scheduled = random_.chance(0.92);
    const auto start = (at / kDay + random_.between(1, 45)) * kDay + random_.between(12, 20) * kHour;
    if (scheduled) {
      job["startAt"] = format_seconds(start);
      job["endAt"] = format_seconds(start + random_.between(1, 6) * kHour);
    }
    stamp(job, at);
    const bool done = scheduled && start < epoch() && random_.chance(0.85);
    if (done) {
      job["completedAt"] = job["endAt"];
      job["jobStatus"] = "requires_invoicing";
    }
    if (random_.chance(0.6)) quote(job, at, total, title, index);
    if (scheduled) visit(job, index, done);
    if (done && random_.chance(0.8)) invoice(job, start + kDay, total, index);
    if (random_.chance(0.4)) expense(job, at, index);
    books_.put("jobs", std::move(job));
  }

  void quote(json::object& job, std::int64_t at, double total, std::string_view title, std::uint64_t index) {
    auto quote = make_quote(generated("Quote", index), sdk::string_at(client_, "id"), property_,
                            std::to_string(person_.number * 4 + index), total);
    const auto quoted_at = format_seconds(at - random_.between(0, 5) * kDay);
    quote["title"] = title;
    quote["quoteStatus"] = "converted";
    quote["createdAt"] = quoted_at;
    quote["sentAt"] = quoted_at;
    quote["transitionedAt"] = format_seconds(at);
    quote["updatedAt"] = format_seconds(at);
    quote["lastTransitioned"].as_object()["approvedAt"] = format_seconds(at);
    quote["lastTransitioned"].as_object()["convertedAt"] = format_seconds(at);
    job["_quote"] = quote["id"];
    books_.put("quotes", std::move(quote));
  }

  /// A quote that has not become a job (yet).
  void open_quote() {
    constexpr std::array<std::string_view, 5> kStatuses{"draft", "awaiting_response", "approved", "changes_requested",
                                                        "archived"};
    const auto at = moment();
    auto quote = make_quote(generated("Quote", 8), sdk::string_at(client_, "id"), property_,
                            std::to_string(person_.number * 4 + 3), money(4'000, 400'000));
    const auto status = random_.pick(kStatuses);
    quote["title"] = random_.pick(kWork);
    quote["quoteStatus"] = status;
    stamp(quote, at);
    if (status != "draft") quote["sentAt"] = quote["createdAt"];
    quote["transitionedAt"] = quote["createdAt"];
    if (status == "approved") quote["lastTransitioned"].as_object()["approvedAt"] = quote["updatedAt"];
    if (status == "changes_requested") quote["lastTransitioned"].as_object()["changesRequestedAt"] = quote["updatedAt"];
    books_.put("quotes", std::move(quote));
  }

  void visit(const json::object& job, std::uint64_t index, bool done) {
    auto visit = make_visit(generated("Visit", index), job);
    visit["createdAt"] = job.at("createdAt");
    visit["updatedAt"] = job.at("updatedAt");
    visit["_assignedUsers"] = json::array{encode_id("User", 1 + random_.below(kUserCount))};
    if (done) {
      visit["isComplete"] = true;
      visit["completedAt"] = job.at("completedAt");
    }
    books_.put("visits", std::move(visit));
  }

  void invoice(json::object& job, std::int64_t at, double total, std::uint64_t index) {
    auto invoice = make_invoice(generated("Invoice", index), sdk::string_at(client_, "id"),
                                std::to_string(person_.number * 4 + index), total);
    at = std::min(at, epoch() - 1000);
    invoice["_job"] = job["id"];
    stamp(invoice, at);
    job["jobStatus"] = "archived";
    job["invoicedTotal"] = total;
    job["uninvoicedTotal"] = 0.0;
    if (random_.chance(0.9)) {
      invoice["invoiceStatus"] = "awaiting_payment";
      invoice["issuedDate"] = format_seconds(at);
      invoice["dueDate"] = format_seconds(at + 30 * kDay);
      if (random_.chance(0.7))
        pay(invoice, at, total, index);
      else
        balance_ += total;
    }
    books_.put("invoices", std::move(invoice));
  }

  void pay(json::object& invoice, std::int64_t at, double total, std::uint64_t index) {
    const auto paid_at = random_.between(at / 1000, epoch() / 1000 - 1) * 1000;
    const auto client = sdk::string_at(client_, "id");
    const auto invoice_id = sdk::string_at(invoice, "id");
    auto payment = make_payment(generated("PaymentRecord", index), client, invoice_id,
                                random_.chance(0.4) ? "CashPaymentRecord" : "CheckPaymentRecord", total);
    payment["_job"] = invoice["_job"];
    payment["entryDate"] = format_seconds(paid_at);
    stamp(payment, paid_at);
    auto& amounts = invoice["amounts"].as_object();
    amounts["paymentsTotal"] = total;
    amounts["invoiceBalance"] = 0.0;
    invoice["invoiceStatus"] = "paid";
    invoice["receivedDate"] = format_seconds(paid_at);
    invoice["updatedAt"] = format_seconds(paid_at);
    if (random_.chance(0.06)) {
      auto refund = make_payment(generated("PaymentRecord", index + 8), client, invoice_id,
                                 "JobberPaymentsRefundPaymentRecord", total);
      refund["_refundedPaymentRecord"] = payment["id"];
      refund["entryDate"] = format_seconds(paid_at);
      refund["refundedAt"] = format_seconds(paid_at);
      stamp(refund, paid_at);
      books_.put("payments", std::move(refund));
    }
    books_.put("payments", std::move(payment));
  }

  void expense(const json::object& job, std::int64_t at, std::uint64_t index) {
    auto expense =
        make_expense(generated("Expense", index), random_.pick(kGoods), money(500, 60'000), format_seconds(at));
    expense["_linkedJob"] = job.at("id");
    expense["_enteredBy"] = encode_id("User", 1 + random_.below(kUserCount));
    stamp(expense, at);
    books_.put("expenses", std::move(expense));
  }

  void ask() {
    auto request = make_request(generated("Request", 1), client_, random_.pick(kWork));
    request["_property"] = property_;
    request["requestStatus"] = random_.chance(0.5) ? "new" : "converted";
    stamp(request, moment());
    books_.put("requests", std::move(request));
  }

  /// The other half of the shared contacts: two clients here, one customer there.
  void add_twin(const json::object& client) {
    const bool shared = person_.bond == Bond::kAmbiguousEmail || person_.bond == Bond::kAmbiguousPhone;
    if (!shared || !person_.in_stripe || person_.number % 2 == 0) return;
    auto twin = make_client(generated("Client", 5'000'000));
    twin["firstName"] = "Robin";
    twin["lastName"] = person_.last_name;
    twin["emails"] = client.at("emails");
    twin["phones"] = client.at("phones");
    stamp(twin, person_.since_ms);
    refresh_client(twin);
    books_.put("clients", std::move(twin));
  }

  Books& books_;
  const Person& person_;
  Random random_;
  json::object client_;
  std::string property_;
  std::uint64_t jobs_ = 0;
  double balance_ = 0;
};

}  // namespace

std::string client_id(std::size_t person) {
  return encode_id("Client", person + 1);
}

void generate_books(Books& books, const std::vector<Person>& people) {
  constexpr std::array<std::string_view, kUserCount> kFirst{"Dana", "Eli", "Morgan", "Sam", "Jess", "Casey"};
  for (std::uint64_t i = 0; i < kUserCount; ++i) {
    const std::string first(kFirst[i]);
    books.put("users",
              json::object{{"id", encode_id("User", i + 1)},
                           {"name", json::object{{"first", first}, {"full", first + " Field"}, {"last", "Field"}}},
                           {"createdAt", format_seconds(books.context().epoch_ms - 700 * kDay)}});
  }
  for (const auto& person : people) {
    if (person.in_jobber) Generator(books, person).run();
  }
}

void add_hostile_clients(Books& books) {
  struct Hostile {
    std::string_view member, text;
  };
  constexpr std::array<Hostile, 5> kHostile{{{"name", R"("Nul \u0000 inside")"},
                                             {"name", R"("lone \ud83d surrogate")"},
                                             {"balance", "123456789012345678901234567890"},
                                             {"balance", "1e400"},
                                             {"name", R"("first","name":"second")"}}};
  std::uint64_t number = 40'000'000;
  for (const auto& hostile : kHostile) {
    auto client = make_client(encode_id("Client", ++number));
    client["firstName"] = "Hostile";
    client["lastName"] = std::to_string(number);
    const auto address = "hostile" + std::to_string(number) + "@hostile.example.com";
    client["emails"] = json::array{make_email(encode_id("Email", number), address, true)};
    client["createdAt"] = format_seconds(books.context().epoch_ms);
    client["updatedAt"] = client["createdAt"];
    refresh_client(client);
    client[hostile.member] = raw_fragment(hostile.text);
    books.put("clients", std::move(client));
  }
}

}  // namespace patchbay::sandbox::jobber
