#include "tests/sandbox/sandbox_for_test.hpp"
#include "tests/sandbox/stripe/form.hpp"

#include <set>

namespace patchbay::sandbox {
namespace {

using stripe::parse_form;

TEST(StripeForm, ReadsBracketsListsAndNumbers) {
  const auto form = parse_form(
      "a=1&metadata[order_id]=6735&items[0][price]=p&items[1][price]=q&expand[]=data.customer&expand[]=x&b=%C3%A9+x");
  ASSERT_TRUE(form.ok());
  EXPECT_EQ(to_wire(*form),
            "{\"a\":\"1\",\"metadata\":{\"order_id\":\"6735\"},\"items\":[{\"price\":\"p\"},{\"price\":\"q\"}],"
            "\"expand\":[\"data.customer\",\"x\"],\"b\":\"\xC3\xA9 x\"}");
}

TEST(StripeForm, RefusesWhatHasNoMeaning) {
  for (const auto* bad :
       {"a[=1", "a]b[=1", "[x]=1", "a=1&a[b]=2", "a[]=1&a[b]=2", "a=%zz", "a[b][c][d][e][f][g][h][i]=1"}) {
    EXPECT_FALSE(parse_form(bad).ok()) << bad;
  }
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "a" + std::to_string(i) + "=1&";
  EXPECT_FALSE(parse_form(many).ok());
}

class StripeTest : public testing::Test {
 protected:
  json::value get(const std::string& path) {
    const auto response = sandbox.stripe("GET", path);
    EXPECT_EQ(response.status, 200) << response.body;
    return SandboxForTest::parsed(response);
  }
  json::value post(const std::string& path, const std::string& form, int status = 200) {
    const auto response = sandbox.stripe("POST", path, form);
    EXPECT_EQ(response.status, status) << response.body;
    return SandboxForTest::parsed(response);
  }
  static std::vector<std::string> ids(const json::value& list) {
    std::vector<std::string> out;
    for (const auto& entry : list.at("data").as_array()) out.push_back(sdk::string_at(entry, "id"));
    return out;
  }
  SandboxForTest sandbox;
};

TEST_F(StripeTest, PagesForwardAndBackMeetAtTheSameRecords) {
  std::vector<std::string> all;
  std::string query = "/v1/customers?limit=7";
  for (std::string after;;) {
    const auto page = get(query + (after.empty() ? "" : "&starting_after=" + after));
    const auto found = ids(page);
    all.insert(all.end(), found.begin(), found.end());
    if (!page.at("has_more").as_bool()) break;
    after = all.back();
  }
  EXPECT_EQ(all.size(), std::set<std::string>(all.begin(), all.end()).size());
  EXPECT_EQ(all.size(), get("/v1/customers?limit=100").at("data").as_array().size());
  const auto back = get("/v1/customers?limit=3&ending_before=" + all[10]);
  EXPECT_EQ(ids(back), std::vector<std::string>(all.begin() + 7, all.begin() + 10));
  EXPECT_TRUE(back.at("has_more").as_bool());
  EXPECT_FALSE(get("/v1/customers?limit=5&ending_before=" + all[2]).at("has_more").as_bool());
}

TEST_F(StripeTest, FiltersByCreationAndOwner) {
  const auto all = list_of(get("/v1/charges?limit=100"));
  ASSERT_GT(all.size(), 10U);
  const auto middle = all[all.size() / 2].at("created").to_number<std::int64_t>();
  std::size_t expected = 0;
  for (const auto& charge : all) expected += charge.at("created").to_number<std::int64_t>() >= middle ? 1U : 0U;
  EXPECT_EQ(get("/v1/charges?limit=100&created[gte]=" + std::to_string(middle)).at("data").as_array().size(), expected);
  EXPECT_EQ(get("/v1/charges?limit=100&created[lt]=" + std::to_string(middle)).at("data").as_array().size(),
            all.size() - expected);
  const auto customer = sdk::string_at(all.front(), "customer");
  for (const auto& charge : list_of(get("/v1/charges?customer=" + customer))) {
    EXPECT_EQ(sdk::string_at(charge, "customer"), customer);
  }
}

TEST_F(StripeTest, ErrorsHaveStripesShape) {
  EXPECT_EQ(sdk::string_at(post("/v1/customers", "nonsense=1", 400), "error.code"), "parameter_unknown");
  EXPECT_EQ(sdk::string_at(post("/v1/payment_intents", "currency=usd", 400), "error.code"), "parameter_missing");
  EXPECT_EQ(sandbox.stripe("GET", "/v1/customers/cus_none").status, 404);
  EXPECT_EQ(sandbox.stripe("GET", "/v1/customers?limit=0").status, 400);
  EXPECT_EQ(sandbox.stripe("GET", "/v1/customers?expand[]=data.name").status, 400);
  EXPECT_EQ(sandbox.stripe("GET", "/v1/nothing").status, 404);
  EXPECT_EQ(sandbox.call("GET", "/stripe/v1/customers").status, 401);
  const auto wrong =
      sandbox.call("GET", "/stripe/v1/customers", "", {{"Authorization", "Bearer sk_test_invalid_1234"}});
  EXPECT_EQ(wrong.status, 401);
  EXPECT_NE(wrong.body.find("sk_test_*********1234"), std::string::npos);
}

TEST_F(StripeTest, DeletedCustomersAreKnownByIdOnly) {
  const auto made = post("/v1/customers", "name=Short&email=short%40example.com");
  const auto id = sdk::string_at(made, "id");
  EXPECT_EQ(sandbox.stripe("DELETE", "/v1/customers/" + id).status, 200);
  EXPECT_TRUE(get("/v1/customers/" + id).at("deleted").as_bool());
  EXPECT_TRUE(get("/v1/customers?email=short%40example.com").at("data").as_array().empty());
}

TEST_F(StripeTest, AnIdempotencyKeyAnswersOnce) {
  const sdk::Headers key{{"Idempotency-Key", "k1"}};
  const auto first = sandbox.stripe("POST", "/v1/customers", "name=A", key);
  const auto again = sandbox.stripe("POST", "/v1/customers", "name=A", key);
  EXPECT_EQ(first.body, again.body);
  EXPECT_FALSE(first.header("Idempotent-Replayed"));
  EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
  EXPECT_EQ(again.header("Original-Request"), first.header("Request-Id"));
  EXPECT_EQ(sandbox.stripe("POST", "/v1/customers", "name=B", key).status, 400);
  const sdk::Headers refused{{"Idempotency-Key", "k2"}};
  EXPECT_EQ(sandbox.stripe("POST", "/v1/customers", "nonsense=1", refused).status, 400);
  EXPECT_EQ(sandbox.stripe("POST", "/v1/customers", "name=B", refused).status, 200)
      << "nothing is kept of what failed validation";
  sandbox.clock.advance(std::chrono::hours(25));
  EXPECT_EQ(sandbox.stripe("POST", "/v1/customers", "name=B", key).status, 200) << "keys live for a day";
}

TEST_F(StripeTest, AKeyInFlightIsAConflict) {
  ASSERT_TRUE(
      sandbox.faults.add(json::parse(R"({"match":"POST /v1/customers","kind":"latency","milliseconds":300,"count":1})"))
          .ok());
  const sdk::Headers key{{"Idempotency-Key", "slow"}};
  auto first =
      std::async(std::launch::async, [&] { return sandbox.stripe("POST", "/v1/customers", "name=A", key).status; });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!sandbox.faults.view().empty() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(sandbox.stripe("POST", "/v1/customers", "name=A", key).status, 409);
  EXPECT_EQ(first.get(), 200);
  EXPECT_EQ(sandbox.stripe("POST", "/v1/customers", "name=A", key).status, 200);
}

TEST_F(StripeTest, ChangesComeAsSignedEventsUntilTheyAreTaken) {
  sandbox.inbox.failures = 2;
  const auto id = sdk::string_at(post("/v1/customers", "name=Hook"), "id");
  ASSERT_TRUE(sandbox.inbox.wait_for_count(3)) << "two tries fail, the third is taken";
  const auto sent = sandbox.inbox.wait_for(
      [&](const sdk::HttpRequest& request) { return request.body.find(id) != std::string::npos; });
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->url, "http://hub/webhooks/stripe");
  const auto signature = sdk::find_header(sent->headers, "Stripe-Signature").value_or("");
  const auto time = std::stoll(signature.substr(2));
  EXPECT_EQ(signature, stripe::stripe_signature("whsec_test", sent->body, time));
}

TEST(StripeSignature, AgreesWithTheKnownVector) {
  const std::string body =
      R"({"id":"evt_test_1","object":"event","type":"invoice.paid","created":1700000000,"data":{"object":{"id":"in_1","object":"invoice"}}})";
  EXPECT_EQ(stripe::stripe_signature("whsec_test_secret", body, 1700000000),
            "t=1700000000,v1=452c7a00b7a7914f655dc2d5d9a0b4b80d2a1137514bffffc8ed1a0e28c15f0b");
}

TEST_F(StripeTest, EventsReachBackThirtyDays) {
  ASSERT_FALSE(get("/v1/events?limit=1").at("data").as_array().empty());
  const auto id = sdk::string_at(get("/v1/events?limit=1"), "data[0].id");
  sandbox.clock.advance(std::chrono::hours(24 * 31));
  EXPECT_TRUE(get("/v1/events?limit=1").at("data").as_array().empty());
  EXPECT_EQ(sandbox.stripe("GET", "/v1/events/" + id).status, 404);
}

TEST_F(StripeTest, BooksBalance) {
  // Every charge that succeeded has its transaction, every refund its own, and invoices say what was paid.
  for (const auto& charge : list_of(get("/v1/charges?limit=100&expand[]=data.balance_transaction"))) {
    if (!charge.at("paid").as_bool()) continue;
    EXPECT_EQ(charge.at("balance_transaction").at("amount"), charge.at("amount"));
  }
  for (const auto& invoice : list_of(get("/v1/invoices?limit=100&expand[]=data.payments"))) {
    const auto number = [&](const char* name) { return invoice.at(name).to_number<std::int64_t>(); };
    EXPECT_EQ(number("amount_remaining"), number("amount_due") - number("amount_paid"));
    if (invoice.at("status") == "paid") {
      EXPECT_EQ(sdk::string_at(invoice, "payments.data[0].status"), "paid");
    }
  }
}

TEST_F(StripeTest, LimitsRefuseWithTheReason) {
  EXPECT_EQ(sandbox.call("POST", "/_sandbox/limits", R"({"stripe":{"perEndpointPerSecond":1}})").status, 200);
  int refused = 0;
  for (int i = 0; i < 5; ++i) {
    const auto response = sandbox.stripe("GET", "/v1/account");
    if (response.status != 429) continue;
    ++refused;
    EXPECT_EQ(response.header("Stripe-Rate-Limited-Reason"), "endpoint-rate");
  }
  EXPECT_GE(refused, 2);
}

}  // namespace
}  // namespace patchbay::sandbox
