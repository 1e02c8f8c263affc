// The door and its control calls, over both services.
#include "tests/sandbox/sandbox_for_test.hpp"

#include <set>

namespace patchbay::sandbox {
namespace {

json::value get(SandboxForTest& sandbox, const std::string& path) {
  const auto response = sandbox.call("GET", path);
  EXPECT_EQ(response.status, 200) << response.body;
  return SandboxForTest::parsed(response);
}

TEST(Sandbox, TheSameSeedGivesTheSameData) {
  SandboxForTest one(80), two(80);
  for (const auto* kind : {"stripe/customers", "stripe/invoices", "stripe/events", "jobber/clients", "jobber/jobs",
                           "jobber/payments", "quickbooks/customers", "quickbooks/invoices", "quickbooks/purchases"}) {
    const auto path = "/_sandbox/truth/" + std::string(kind);
    EXPECT_EQ(one.call("GET", path).body, two.call("GET", path).body) << kind;
  }
  SandboxForTest other(80, nullptr, 8);
  EXPECT_NE(one.call("GET", "/_sandbox/truth/jobber/clients").body,
            other.call("GET", "/_sandbox/truth/jobber/clients").body);
}

TEST(Sandbox, TheIdentityTruthFollowsTheRecords) {
  SandboxForTest sandbox(200);
  std::map<std::string, int> counts;
  for (const auto& group : list_of(get(sandbox, "/_sandbox/truth/identity/clients?services=stripe,jobber"))) {
    ++counts[sdk::string_at(group, "matchedBy") + (group.at("ambiguous").as_bool() ? "!" : "")];
  }
  EXPECT_EQ(counts["email"], 78);
  EXPECT_EQ(counts["phone"], 24);
  EXPECT_EQ(counts["none!"], 24) << "four people of a hundred, each two records here and one there";
  sandbox.stripe("POST", "/v1/customers", "name=New&email=new-pair%40example.com");
  sandbox.call("POST", "/_sandbox/jobber/clients", R"({"firstName":"New","email":"New-Pair@example.com"})");
  int emails = 0;
  for (const auto& group : list_of(get(sandbox, "/_sandbox/truth/identity/clients?services=stripe,jobber"))) {
    emails += group.at("matchedBy") == "email" ? 1 : 0;
  }
  EXPECT_EQ(emails, 79);
}

TEST(Sandbox, ARestartFindsEverythingAgain) {
  TemporaryFolder folder;
  const Journal::Options options{folder.path, {{"seed", 7}, {"clients", 60}, {"epoch", kTestEpoch}}, false};
  std::string customers, clients;
  {
    auto journal = Journal::open(options).value();
    SandboxForTest sandbox(60, journal.get());
    sandbox.stripe("POST", "/v1/customers", "name=Kept");
    const auto gone = sdk::string_at(get(sandbox, "/_sandbox/truth/stripe/customers"), "data[3].id");
    EXPECT_EQ(sandbox.stripe("DELETE", "/v1/customers/" + gone).status, 200);
    EXPECT_EQ(sandbox.call("POST", "/_sandbox/burst", R"({"service":"jobber","kind":"clients","count":20})").status,
              200);
    customers = sandbox.call("GET", "/_sandbox/truth/stripe/customers").body;
    clients = sandbox.call("GET", "/_sandbox/truth/jobber/clients").body;
  }
  auto journal = Journal::open(options).value();
  SandboxForTest sandbox(60, journal.get());
  EXPECT_EQ(sandbox.call("GET", "/_sandbox/truth/stripe/customers").body, customers);
  EXPECT_EQ(sandbox.call("GET", "/_sandbox/truth/jobber/clients").body, clients);
  const auto made = SandboxForTest::parsed(sandbox.stripe("POST", "/v1/customers", "name=After"));
  EXPECT_EQ(customers.find(sdk::string_at(made, "id")), std::string::npos) << "ids are never given twice";
}

TEST(Sandbox, FaultsSpoilCallsAsPlanned) {
  SandboxForTest sandbox(30);
  const auto plan = [&](const std::string& body) {
    EXPECT_EQ(sandbox.call("POST", "/_sandbox/faults", body).status, 200) << body;
  };
  plan(R"({"service":"stripe","kind":"rate_limit","count":1})");
  const auto limited = sandbox.stripe("GET", "/v1/customers");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("Stripe-Rate-Limited-Reason"), "global-rate");
  plan(R"({"kind":"server_error","status":503,"count":1})");
  EXPECT_EQ(sandbox.stripe("GET", "/v1/customers").status, 503);
  plan(R"({"kind":"malformed","count":1})");
  EXPECT_FALSE(sdk::parse_json(sandbox.stripe("GET", "/v1/customers").body).ok());
  plan(R"({"kind":"reset","count":1,"after":true})");
  EXPECT_TRUE(sandbox.stripe("POST", "/v1/customers", "name=Lost&email=lost%40example.com").abort_connection);
  EXPECT_EQ(get(sandbox, "/_sandbox/truth/stripe/customers").at("data").at(0).at("name"), "Lost")
      << "the call took effect";
  plan(R"({"kind":"expired_token","count":1})");
  EXPECT_EQ(sandbox.stripe("GET", "/v1/customers").status, 401);
  plan(R"({"kind":"forbidden","count":1})");
  EXPECT_EQ(sandbox.stripe("GET", "/v1/customers").status, 403);
  plan(R"({"kind":"lock_timeout","count":1})");
  const auto locked = sandbox.stripe("GET", "/v1/customers");
  EXPECT_EQ(locked.status, 429);
  EXPECT_FALSE(locked.header("Stripe-Rate-Limited-Reason")) << "that is how the two 429s are told apart";
  plan(R"({"kind":"latency","milliseconds":50,"count":1})");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(sandbox.stripe("GET", "/v1/customers").status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(50));
  EXPECT_EQ(sandbox.call("POST", "/_sandbox/faults", R"({"kind":"nothing"})").status, 400);
}

TEST(Sandbox, WebhooksCanBeDroppedDoubledAndForged) {
  SandboxForTest sandbox(10);
  const auto make = [&](const std::string& fault, const std::string& name) {
    EXPECT_EQ(sandbox.call("POST", "/_sandbox/faults", fault).status, 200);
    sandbox.stripe("POST", "/v1/customers", "name=" + name);
  };
  make(R"({"kind":"webhook_drop","count":1})", "Dropped");
  make(R"({"kind":"webhook_duplicate","count":1})", "Doubled");
  make(R"({"kind":"webhook_bad_signature","count":1,"match":"customer.created"})", "Forged");
  const auto has = [](const std::string& text) {
    return [text](const sdk::HttpRequest& request) { return request.body.find(text) != std::string::npos; };
  };
  const auto forged = sandbox.inbox.wait_for(has("Forged"));
  ASSERT_TRUE(forged);
  const auto signature = sdk::find_header(forged->headers, "Stripe-Signature").value_or("");
  EXPECT_NE(signature, stripe::stripe_signature("whsec_test", forged->body, std::stoll(signature.substr(2))));
  EXPECT_EQ(sandbox.inbox.count(), 3U) << "one doubled, one forged, one dropped";
  const auto deliveries = get(sandbox, "/_sandbox/deliveries");
  EXPECT_EQ(deliveries.at("counts").at("dropped"), 1);
}

TEST(Sandbox, HostileRecordsLeaveAsTheyAre) {
  SandboxForTest sandbox(10);
  EXPECT_EQ(sandbox.call("POST", "/_sandbox/records", R"({"hostile":true})").status, 200);
  const auto body = sandbox.stripe("GET", "/v1/customers?limit=100").body;
  for (const auto* text : {R"("Nul \u0000 inside")", R"(\ud83d surrogate)", "123456789012345678901234567890", ":1e400",
                           R"("name":"first","name":"second")"}) {
    EXPECT_NE(body.find(text), std::string::npos) << text;
  }
  const auto made = sandbox.call("POST", "/_sandbox/stripe/customers", R"({"name":{"$raw":"\"\\udc00\""}})");
  EXPECT_NE(made.body.find(R"("name":"\udc00")"), std::string::npos) << made.body;
}

TEST(Sandbox, LogsCallsByOperation) {
  SandboxForTest sandbox(10);
  sandbox.stripe("GET", "/v1/customers?limit=1");
  sandbox.stripe("GET", "/v1/customers/cus_none");
  sandbox.call("POST", "/jobber/api/graphql", R"({"query":"query Clients { account { id } }"})");
  const auto calls = get(sandbox, "/_sandbox/calls");
  EXPECT_EQ(calls.at("total"), 3);
  EXPECT_EQ(sdk::string_at(calls, "data[1].operation"), "GET /v1/customers/{id}");
  EXPECT_EQ(sdk::string_at(calls, "data[2].operation"), "Clients");
  EXPECT_EQ(calls.at("counters").at("stripe GET /v1/customers/{id}").at("byStatus").at("404"), 1);
  EXPECT_EQ(get(sandbox, "/_sandbox/calls?service=jobber").at("data").as_array().size(), 1U);
}

TEST(Sandbox, RefusesControlCallsItDoesNotKnow) {
  SandboxForTest sandbox(10);
  EXPECT_EQ(sandbox.call("GET", "/_sandbox/nothing").status, 404);
  EXPECT_EQ(sandbox.call("GET", "/_sandbox/truth/stripe/nothing").status, 404);
  EXPECT_EQ(sandbox.call("GET", "/_sandbox/truth/nobody/clients").status, 404);
  EXPECT_EQ(sandbox.call("PATCH", "/_sandbox/jobber/clients/none", "{}").status, 404);
  EXPECT_EQ(sandbox.call("POST", "/_sandbox/burst", R"({"service":"stripe","kind":"customers","count":0})").status,
            400);
  EXPECT_EQ(sandbox.call("POST", "/_sandbox/clock", "{").status, 400);
  EXPECT_EQ(sandbox.call("GET", "/elsewhere").status, 404);
  EXPECT_EQ(sandbox.call("GET", "/v1/account", "", {{"Authorization", "Bearer sk_test_x"}}).status, 200)
      << "Stripe answers at the root too";
}

}  // namespace
}  // namespace patchbay::sandbox
