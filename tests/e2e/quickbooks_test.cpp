// QuickBooks Online in the real hub: its owner's consent names the company, everything is synced as the truth says,
// changes come by webhooks of both forms and by change data, the hub's own changes reach the books.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;
using ::testing::HasSubstr;

constexpr auto kSyncLimit = 120s;
constexpr auto kChangeLimit = 30s;

std::string text_at(const value& record, std::string_view path) {
  const auto* found = sdk::find_path(record, path);
  return found == nullptr ? "" : sdk::scalar_text(*found).value_or("");
}

std::string money_at(const value& record, std::string_view path, double sign = 1) {
  const auto* found = sdk::find_path(record, path);
  if (found == nullptr || !found->is_number()) return "";
  const auto cents = std::llround(sign * found->to_number<double>() * 100);
  const auto rest = std::to_string(std::llabs(cents) % 100);
  return (cents < 0 ? "-" : "") + std::to_string(std::llabs(cents) / 100) + "." + (rest.size() < 2 ? "0" : "") + rest;
}

class QuickBooks : public ::testing::Test {
 protected:
  explicit QuickBooks(const std::string& limits = "off")
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_(
            {"--clients", "200", "--seed", "5", "--webhook-target", hub_.webhook_target(), "--rate-limits", limits}),
        api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
    connection_ = sdk::string_at(api_.post("/connections", sandbox_.quickbooks_connection()), "id");
    authorize();
  }

  void authorize() {
    const auto started = api_.post("/connections/" + connection_ + "/authorize", sdk::json::object());
    const auto back = sandbox_.approve(sdk::string_at(started, "authorizeUrl"));
    const auto seen = send_http(hub_.port(), {"GET", back.substr(hub_.url("").size()), {}, {}, 30s});
    ASSERT_EQ(seen.status, 200) << seen.text();
  }
  value run(const std::string& mode) { return api_.sync(connection_, mode, kSyncLimit); }
  static int figure(const value& run, const char* name) { return run.at("counts").at(name).to_number<int>(); }

  std::map<std::string, value> truth(const std::string& kind) const {
    std::map<std::string, value> records;
    for (auto& record : sandbox_.truth("quickbooks", kind)) {
      auto id = sdk::string_at(record, "Id");
      records.emplace(std::move(id), std::move(record));
    }
    return records;
  }
  /// Customers that are clients: no projects.
  std::map<std::string, value> customers() const {
    auto all = truth("customers");
    std::erase_if(all, [](const auto& entry) { return text_at(entry.second, "Job") == "true"; });
    return all;
  }
  std::string entity_of(const std::string& resource, const std::string& external_id) {
    return world_.value(
        "select coalesce(min(entity_id::text), '') from entity_links where service = 'quickbooks' and resource = $1 "
        "and external_id = $2 and deleted_at is null",
        {resource, external_id});
  }
  /// Null where the hub has none (it may go between the two questions).
  value row_of(const std::string& path, const std::string& resource, const std::string& external_id) {
    const auto id = entity_of(resource, external_id);
    if (id.empty()) return {};
    const auto answer = api_.send("GET", "/" + path + "/" + id);
    return answer.status == 404 ? value() : answer.json().at("data");
  }
  value client(const std::string& customer) { return row_of("clients", "customers", customer); }
  value change(const std::string& path, const sdk::json::object& members) {
    return sandbox_.control("PATCH", "/quickbooks/" + path, members);
  }
  template <typename Condition>
  bool comes_true(Condition condition) {
    return wait_until(condition, kChangeLimit, 50ms);
  }
  /// The client that a transaction's customer is: of a project its parent.
  std::string client_of(const value& record, const std::map<std::string, value>& all_customers) {
    const auto id = text_at(record, "CustomerRef.value");
    const auto parent = text_at(all_customers.at(id), "ParentRef.value");
    return entity_of("customers", parent.empty() ? id : parent);
  }

  void expect_money_as_the_truth_says();

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string connection_;
};

void QuickBooks::expect_money_as_the_truth_says() {
  const auto all = truth("customers");
  for (const auto& [id, record] : truth("invoices")) {
    const auto row = row_of("invoices", "invoices", id);
    EXPECT_EQ(text_at(row, "totalAmount"), money_at(record, "TotalAmt")) << id;
    EXPECT_EQ(text_at(row, "balance"), money_at(record, "Balance")) << id;
    EXPECT_EQ(text_at(row, "number"), text_at(record, "DocNumber")) << id;
    EXPECT_EQ(text_at(row, "clientId"), client_of(record, all)) << id;
    EXPECT_EQ(text_at(row, "currency"), "USD") << id;
    const bool voided = text_at(record, "PrivateNote") == "Voided";
    EXPECT_EQ(text_at(row, "status") == "void", voided) << id;
    EXPECT_EQ(text_at(row, "status") == "paid", !voided && text_at(row, "balance") == "0.00") << id;
  }
  for (const auto& [id, record] : truth("payments")) {
    const auto row = row_of("payments", "payments", id);
    EXPECT_EQ(text_at(row, "amount"), money_at(record, "TotalAmt")) << id;
    EXPECT_EQ(text_at(row, "invoiceId"), entity_of("invoices", text_at(record, "Line[0].LinkedTxn[0].TxnId"))) << id;
    EXPECT_EQ(text_at(row, "method").empty(), text_at(record, "PaymentMethodRef.value").empty()) << id;
  }
  for (const auto& [id, record] : truth("refund_receipts"))
    EXPECT_EQ(text_at(row_of("payments", "refund_receipts", id), "amount"), money_at(record, "TotalAmt", -1)) << id;
  for (const auto& [id, record] : truth("purchases")) {
    const auto row = row_of("expenses", "purchases", id);
    EXPECT_EQ(text_at(row, "amount"), money_at(record, "TotalAmt", text_at(record, "Credit") == "true" ? -1 : 1)) << id;
    EXPECT_EQ(text_at(row, "vendor"), text_at(record, "EntityRef.name")) << id;
  }
  for (const auto& [id, record] : truth("bills"))
    EXPECT_EQ(text_at(row_of("expenses", "bills", id), "balance"), money_at(record, "Balance")) << id;
}

TEST_F(QuickBooks, SyncsAsTheTruthSays) {
  EXPECT_EQ(sdk::string_at(api_.get("/connections/" + connection_), "accountId"), "9130350000000001");
  const auto first = run("full");
  EXPECT_EQ(figure(first, "failed"), 0) << sdk::json::serialize(first);
  const auto count = [&](const char* path) { return static_cast<std::size_t>(api_.exact_count(path)); };
  EXPECT_EQ(count("/clients"), customers().size());
  EXPECT_EQ(count("/estimates"), truth("estimates").size());
  EXPECT_EQ(count("/invoices"), truth("invoices").size());
  EXPECT_EQ(count("/payments"),
            truth("payments").size() + truth("sales_receipts").size() + truth("refund_receipts").size());
  EXPECT_EQ(count("/finances/expenses"), truth("purchases").size() + truth("bills").size());
  for (const auto& [id, record] : customers()) {
    const auto row = client(id);
    EXPECT_EQ(text_at(row, "lifecycleStage"), text_at(record, "Active") == "true" ? "active" : "inactive") << id;
    EXPECT_THAT(text_at(record, "DisplayName"), HasSubstr(text_at(row, "name"))) << id;
    EXPECT_EQ(text_at(row, "billingAddress.city"), text_at(record, "BillAddr.City")) << id;
  }
  expect_money_as_the_truth_says();
  const auto again = run("full");
  EXPECT_EQ(figure(again, "created") + figure(again, "updated") + figure(again, "deleted"), 0)
      << sdk::json::serialize(again);
}

TEST_F(QuickBooks, ConvergesThoughCallsFail) {
  for (const char* kind : {"server_error", "reset", "malformed", "expired_token"})
    sandbox_.control("POST", "/faults",
                     {{"service", "quickbooks"}, {"match", "/v3/"}, {"kind", kind}, {"share", 0.04}});
  const auto first = run("full");
  EXPECT_EQ(figure(first, "failed"), 0) << sdk::json::serialize(first);
  EXPECT_EQ(static_cast<std::size_t>(api_.exact_count("/invoices")), truth("invoices").size());
  expect_money_as_the_truth_says();
}

TEST_F(QuickBooks, ChangesComeByWebhookOfBothFormsAndByChangeData) {
  run("full");
  const auto all = customers();
  const auto id = all.begin()->first, other = std::next(all.begin())->first, third = std::next(all.begin(), 2)->first;
  // CloudEvents: a change, a customer merged away, an invoice paid and then deleted.
  change("customers/" + id, {{"email", "moved@example.com"}});
  EXPECT_TRUE(comes_true([&] { return text_at(client(id), "email") == "moved@example.com"; }))
      << hub_.program().log_tail();
  change("customers/" + other, {{"mergeInto", third}});
  EXPECT_TRUE(comes_true([&] { return client(other).is_null(); }));
  const auto invoice =
      text_at(sandbox_.control("POST", "/quickbooks/invoices", {{"customerId", id}, {"total", 200}}), "Id");
  ASSERT_TRUE(comes_true([&] { return text_at(row_of("invoices", "invoices", invoice), "balance") == "200.00"; }));
  sandbox_.control("POST", "/quickbooks/payments", {{"customerId", id}, {"invoiceId", invoice}, {"total", 200}});
  EXPECT_TRUE(comes_true([&] { return text_at(row_of("invoices", "invoices", invoice), "status") == "paid"; }));
  sandbox_.control("DELETE", "/quickbooks/invoices/" + invoice, sdk::json::object());
  EXPECT_TRUE(comes_true([&] { return entity_of("invoices", invoice).empty(); }));
  // Two changes of the same second: the service's time does not tell them apart.
  sandbox_.control("POST", "/clock", {{"frozen", true}});
  for (const char* city : {"First", "Second"})
    change("customers/" + id, {{"BillAddr", {{"Line1", "1 Main St"}, {"City", city}}}});
  EXPECT_TRUE(comes_true([&] { return text_at(client(id), "billingAddress.city") == "Second"; }));
  sandbox_.control("POST", "/clock", {{"frozen", false}});
  // The older form.
  sandbox_.control("POST", "/limits", {{"quickbooks", {{"legacyWebhooks", true}}}});
  change("customers/" + id, {{"phone", "(810) 555-7788"}});
  EXPECT_TRUE(comes_true([&] { return text_at(client(id), "phone") == "(810) 555-7788"; }));
  // No webhook at all: the next run finds what changed, what was cleared and what was deleted.
  sandbox_.control("POST", "/faults", {{"service", "quickbooks"}, {"kind", "webhook_drop"}, {"share", 1.0}});
  const auto bill = truth("bills").begin()->first;
  sandbox_.control("DELETE", "/quickbooks/bills/" + bill, sdk::json::object());
  change("customers/" + id, {{"Active", false}, {"PrimaryEmailAddr", {{"Address", ""}}}});
  const auto ended = run("incremental");
  EXPECT_EQ(figure(ended, "failed"), 0) << sdk::json::serialize(ended);
  EXPECT_EQ(entity_of("bills", bill), "");
  EXPECT_EQ(text_at(client(id), "lifecycleStage"), "inactive");
  EXPECT_EQ(text_at(client(id), "email"), "") << "what QuickBooks leaves out is empty";
}

TEST_F(QuickBooks, ARevokedAccessNeedsItsOwnerOnceAndNoStorm) {
  run("full");
  sandbox_.control("POST", "/faults",
                   {{"service", "quickbooks"}, {"match", "query"}, {"kind", "latency"}, {"milliseconds", 100}});
  const auto started = api_.start_sync(connection_);
  ASSERT_TRUE(wait_until(
      [&] { return !sandbox_.look("/calls?service=quickbooks&match=query%20Customer").at("data").as_array().empty(); },
      30s, 10ms));
  sandbox_.control("POST", "/quickbooks/disconnections", sdk::json::object());
  const auto ended = api_.wait_for_run(started, kSyncLimit);
  EXPECT_EQ(sdk::string_at(ended, "state"), "failed") << sdk::json::serialize(ended);
  EXPECT_EQ(sdk::string_at(api_.get("/connections/" + connection_), "state"), "needs_reconnect");
  const auto tokens = sandbox_.look("/calls?service=quickbooks&match=tokens&limit=100").at("data").as_array();
  EXPECT_LE(tokens.size(), 3U) << "the code, and a refresh that was refused";
  authorize();
  EXPECT_EQ(sdk::string_at(api_.get("/connections/" + connection_), "state"), "connected");
  run("full");
}

class QuickBooksLimits : public QuickBooks {
 protected:
  QuickBooksLimits() : QuickBooks("on") {}
};

/// QuickBooks' true limits: nothing is refused.
TEST_F(QuickBooksLimits, AreKept) {
  run("full");
  run("incremental");
  EXPECT_EQ(static_cast<std::size_t>(api_.exact_count("/invoices")), truth("invoices").size());
  const auto counters = sandbox_.look("/calls?service=quickbooks&limit=1").at("counters").as_object();
  std::size_t refused = 0;
  for (const auto& counter : counters) refused += counter.value().at("byStatus").as_object().contains("429") ? 1 : 0;
  EXPECT_EQ(refused, 0U) << sdk::json::serialize(counters);
}

TEST_F(QuickBooks, TheHubsChangesReachTheBooks) {
  run("full");
  const auto all = customers();
  const auto found = std::find_if(all.begin(), all.end(), [](const auto& entry) {
    return text_at(entry.second, "Active") == "true" && !text_at(entry.second, "PrimaryEmailAddr.Address").empty();
  });
  ASSERT_NE(found, all.end());
  const auto id = found->first;
  const auto row = entity_of("customers", id);
  const auto changed =
      api_.send_json("PUT", "/clients/" + row, {{"name", "Renamed In The Hub"}, {"phone", "+18105550177"}});
  ASSERT_EQ(changed.status, 200) << changed.text();
  EXPECT_TRUE(comes_true([&] {
    const auto customer = customers().at(id);
    return text_at(customer, "DisplayName") == "Renamed In The Hub" &&
           !text_at(customer, "PrimaryPhone.FreeFormNumber").empty();
  })) << hub_.program().log_tail();
  EXPECT_EQ(text_at(customers().at(id), "PrimaryEmailAddr.Address"), text_at(found->second, "PrimaryEmailAddr.Address"))
      << "a sparse update leaves the rest";
  // A new client; somebody changes it in QuickBooks between two changes of the hub.
  const auto made = api_.post("/clients", {{"name", "New: Client"}, {"email", "new.client@example.com"}});
  const auto new_row = sdk::string_at(made, "id");
  std::string customer;
  EXPECT_TRUE(comes_true([&] {
    for (const auto& [key, record] : customers()) {
      if (text_at(record, "PrimaryEmailAddr.Address") == "new.client@example.com") customer = key;
    }
    return !customer.empty() && entity_of("customers", customer) == new_row;
  })) << hub_.program().log_tail();
  EXPECT_EQ(text_at(customers().at(customer), "DisplayName"), "New  Client") << "no colon";
  sandbox_.control("POST", "/faults", {{"service", "quickbooks"}, {"kind", "webhook_drop"}, {"share", 1.0}});
  change("customers/" + customer, {{"CompanyName", "Theirs"}});
  ASSERT_EQ(api_.send_json("PUT", "/clients/" + new_row, {{"email", "newer@example.com"}}).status, 200);
  EXPECT_TRUE(
      comes_true([&] { return text_at(customers().at(customer), "PrimaryEmailAddr.Address") == "newer@example.com"; }));
  EXPECT_EQ(text_at(customers().at(customer), "CompanyName"), "Theirs") << "a stale SyncToken is read anew";
}

}  // namespace
}  // namespace patchbay::testing
