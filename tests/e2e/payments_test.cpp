// Money from end to end: a payment intent for an invoice, its charge by webhook in whatever order and number, refunds
// and disputes; invoices of the hub's own, of Stripe's and of another service.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kLimit = 30s;

class Payments : public ::testing::Test {
 protected:
  Payments()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", "40", "--seed", "5", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    sandbox_.lift_limits();
    hub_.start();
    api_.sign_in();
  }

  void connect_stripe() { api_.sync(api_.connect(sandbox_.stripe_connection()), "full", 60s); }

  std::string invoice_over(const std::string& amount) {
    const auto client = sdk::string_at(api_.post("/clients", {{"name", "Pays By Card"}}), "id");
    const auto made =
        api_.post("/invoices", {{"clientId", client}, {"totalAmount", amount}, {"number", "H-1"}, {"currency", "USD"}});
    const auto id = sdk::string_at(made, "id");
    api_.send_json("PATCH", "/invoices/" + id + "/status", {{"status", "sent"}});
    return id;
  }
  HttpAnswer ask_intent(const std::string& invoice, sdk::Headers headers = {}) const {
    return api_.send_json("POST", "/payment/create-intent", {{"invoiceId", invoice}}, std::move(headers));
  }
  std::string intent_of(const std::string& invoice) const {
    const auto answer = ask_intent(invoice);
    if (answer.status != 200) throw std::runtime_error("no intent: " + answer.text());
    return answer.at("data.paymentId");
  }
  /// A call of Stripe's API, as the payer's browser and the dashboard make them.
  value stripe(const std::string& path, const std::string& form) const {
    const auto answer =
        send_http(sandbox_.port(),
                  {"POST",
                   "/stripe/v1" + path,
                   {{"Authorization", "Bearer sk_test_sandbox"}, {"Content-Type", "application/x-www-form-urlencoded"}},
                   form});
    if (answer.status != 200) throw std::runtime_error("Stripe refuses " + path + ": " + answer.text());
    return answer.json();
  }
  /// The payer gives a card; the charge.
  std::string pay(const std::string& intent) const {
    return sdk::string_at(stripe("/payment_intents/" + intent + "/confirm", "payment_method=pm_card_visa"),
                          "latest_charge");
  }
  std::string state(const std::string& invoice) const {
    const auto shown = api_.get("/invoices/" + invoice);
    return sdk::string_at(shown, "status") + " " + sdk::string_at(shown, "balance");
  }
  ::testing::AssertionResult becomes(const std::string& invoice, const std::string& expected) {
    if (wait_until([&] { return state(invoice) == expected && quiet(); }, kLimit, 50ms))
      return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "it is " << state(invoice) << "\n" << hub_.program().log_tail();
  }
  bool quiet() {
    return world_.number("select count(*) from work_items where state <> 'done'") == 0 &&
           sandbox_.look("/deliveries?limit=1").at("pending").to_number<std::int64_t>() == 0;
  }
  std::int64_t times_paid(const std::string& invoice) {
    return world_.number("select count(*) from outbox where action = 'invoice.paid' and entity_id = $1::uuid",
                         {invoice});
  }
  std::string paid_by(const std::string& invoice) {
    return world_.value(
        "select coalesce(string_agg(actor_kind || ' ' || coalesce(actor_id, ''), ',' order by id), '') "
        "from status_history where entity_kind = 'invoice' and entity_id = $1::uuid and to_status = 'paid'",
        {invoice});
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
};

TEST_F(Payments, ACardPaysTheInvoiceOnceHoweverItsEventsArrive) {
  const auto invoice = invoice_over("120.50");
  EXPECT_EQ(ask_intent(invoice).at("code"), "payment.no_connection");
  connect_stripe();
  EXPECT_EQ(ask_intent("5e1f0b52-0000-4000-8000-000000000000").status, 404);
  EXPECT_EQ(ask_intent("x").status, 400);

  const auto asked = ask_intent(invoice, {{"Idempotency-Key", "once"}});
  ASSERT_EQ(asked.status, 200) << asked.text();
  const auto secret = asked.at("data.clientSecret");
  EXPECT_THAT(secret, HasSubstr("_secret_"));
  EXPECT_EQ(asked.at("data.amount"), "120.50");
  const auto repeated = ask_intent(invoice, {{"Idempotency-Key", "once"}});
  EXPECT_EQ(repeated.status, 409);
  EXPECT_EQ(repeated.at("code"), "request.already_created");
  EXPECT_EQ(
      world_.number("select count(*) from idempotency_keys where convert_to(coalesce(response, ''), 'UTF8')::text "
                    "like '%secret%'"),
      0);
  const auto intents = sandbox_.truth("stripe", "payment_intents");
  const auto& intent = intents.front();
  EXPECT_EQ(sdk::string_at(intent, "id"), asked.at("data.paymentId"));
  EXPECT_EQ(intent.at("amount"), 12050);
  EXPECT_EQ(sdk::string_at(intent, "metadata.invoice_id"), invoice);
  EXPECT_EQ(sdk::string_at(intent, "metadata.customer_id"),
            sdk::string_at(api_.get("/invoices/" + invoice), "clientId"));
  EXPECT_FALSE(sdk::string_at(intent, "metadata.user_id").empty());

  // A part is paid by cash before the card is.
  api_.post("/payments", {{"invoiceId", invoice}, {"amount", "20.50"}});
  EXPECT_EQ(state(invoice), "partially_paid 100.00");
  const auto rest = intent_of(invoice);
  sandbox_.control("POST", "/faults", {{"service", "stripe"}, {"kind", "webhook_duplicate"}});
  sandbox_.control("POST", "/faults", {{"service", "stripe"}, {"kind", "webhook_delay"}, {"milliseconds", 700}});
  const auto charge = pay(rest);
  ASSERT_TRUE(becomes(invoice, "paid 0.00"));
  EXPECT_EQ(times_paid(invoice), 1);
  EXPECT_EQ(paid_by(invoice), "service stripe");
  EXPECT_FALSE(sdk::string_at(api_.get("/invoices/" + invoice), "paymentDate").empty());
  EXPECT_EQ(api_.exact_count("/payments?invoiceId=" + invoice), 2);
  EXPECT_EQ(ask_intent(invoice).at("code"), "invoice.not_payable");

  // What goes back is owed again, to the cent, and what the bank returns is paid again.
  stripe("/refunds", "charge=" + charge + "&amount=1000");
  stripe("/refunds", "charge=" + charge + "&amount=1");
  ASSERT_TRUE(becomes(invoice, "partially_paid 10.01"));
  const auto dispute =
      sdk::string_at(sandbox_.control("POST", "/stripe/disputes", {{"charge", charge}, {"amount", 3000}}), "id");
  ASSERT_TRUE(becomes(invoice, "partially_paid 40.01"));
  const auto disputed = api_.get("/payments?status=disputed");
  ASSERT_EQ(disputed.as_array().size(), 1U);
  EXPECT_EQ(sdk::string_at(disputed, "[0].disputedAmount"), "30.00") << sdk::json::serialize(disputed);
  sandbox_.control("PATCH", "/stripe/disputes/" + dispute, {{"status", "won"}});
  ASSERT_TRUE(becomes(invoice, "partially_paid 10.01"));
  pay(intent_of(invoice));
  ASSERT_TRUE(becomes(invoice, "paid 0.00"));
  EXPECT_EQ(times_paid(invoice), 2);

  // A sync over the same charges finds nothing to book.
  api_.sync(sdk::string_at(api_.get("/connections"), "[0].id"), "full", 60s);
  EXPECT_EQ(state(invoice), "paid 0.00");
  EXPECT_EQ(times_paid(invoice), 2);
  EXPECT_EQ(api_.exact_count("/payments?invoiceId=" + invoice), 3);
  EXPECT_EQ(world_.number("select count(*) from work_items where state = 'dead'"), 0);
  EXPECT_THAT(hub_.program().log(), Not(HasSubstr("_secret_")));
}

TEST_F(Payments, StripesOwnInvoiceIsCreditedByStripe) {
  connect_stripe();
  const auto customer = sdk::string_at(stripe("/customers", "name=Owes&email=owes%40example.org"), "id");
  const auto draft = sdk::string_at(stripe("/invoices", "customer=" + customer), "id");
  stripe("/invoiceitems", "customer=" + customer + "&invoice=" + draft + "&amount=7500");
  stripe("/invoices/" + draft + "/finalize", "");
  std::string invoice;
  ASSERT_TRUE(wait_until(
      [&] {
        invoice =
            world_.value("select coalesce(min(entity_id::text), '') from entity_links where external_id = $1", {draft});
        return !invoice.empty() && state(invoice) == "sent 75.00" && quiet();
      },
      kLimit, 50ms));
  pay(intent_of(invoice));
  ASSERT_TRUE(becomes(invoice, "paid 0.00"));
  EXPECT_EQ(times_paid(invoice), 1);
  EXPECT_EQ(paid_by(invoice), "service stripe");
  EXPECT_EQ(sdk::string_at(stripe("/invoices/" + draft, ""), "status"), "paid");
}

TEST_F(Payments, AnotherServicesInvoiceStaysPaidWhenThatServiceChangesIt) {
  connect_stripe();
  api_.sync(connect_jobber(api_, hub_, sandbox_), "full", 60s);
  const auto link = world_.query(
      "select l.external_id, l.entity_id from entity_links l join invoices i on i.id = l.entity_id "
      "where l.service = 'jobber' and l.resource = 'invoices' and i.status in ('sent', 'overdue') and i.balance >= 1 "
      "order by i.id limit 1");
  ASSERT_EQ(link.size(), 1U);
  const std::string external(link.text(0, "external_id")), invoice(link.text(0, "entity_id"));
  pay(intent_of(invoice));
  ASSERT_TRUE(becomes(invoice, "paid 0.00"));
  sandbox_.control("PATCH", "/jobber/invoices/" + external, {{"subject", "Changed there"}});
  ASSERT_TRUE(wait_until([&] { return sdk::string_at(api_.get("/invoices/" + invoice), "subject") == "Changed there"; },
                         kLimit, 50ms));
  EXPECT_TRUE(becomes(invoice, "paid 0.00"));
  EXPECT_EQ(times_paid(invoice), 1);
  EXPECT_EQ(paid_by(invoice), "service stripe");
}

TEST_F(Payments, AServiceThatFailsIsToldInPlainWords) {
  connect_stripe();
  const auto invoice = invoice_over("10");
  sandbox_.control(
      "POST", "/faults",
      {{"service", "stripe"}, {"match", "POST /v1/payment_intents"}, {"kind", "server_error"}, {"count", 50}});
  const auto answer = ask_intent(invoice);
  EXPECT_EQ(answer.status, 502) << answer.text();
  EXPECT_EQ(answer.at("message"), "Payment processing error");
  sandbox_.control("DELETE", "/faults", sdk::json::object());
  EXPECT_EQ(ask_intent(invoice_over("0.10")).status, 409) << "under what Stripe takes";
}

}  // namespace
}  // namespace patchbay::testing
