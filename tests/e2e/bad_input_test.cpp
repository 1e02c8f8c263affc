// What is wrong from outside is answered with a problem document of the right status, writes nothing and loses nothing.
#include "platform/base/digest.hpp"
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gtest/gtest.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;

std::string stripe_signature(std::string_view body, std::chrono::seconds age = 0s,
                             const std::string& secret = "whsec_sandbox") {
  const auto at =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch() - age)
          .count();
  const std::string signed_text = std::to_string(at) + "." + std::string(body);
  return "t=" + std::to_string(at) + ",v1=" + sdk::hex_encode(base::hmac_sha256(secret, signed_text));
}

std::string stripe_event(const std::string& id) {
  return sdk::json::serialize(value{{"id", id},
                                    {"object", "event"},
                                    {"type", "customer.updated"},
                                    {"created", 1'700'000'000},
                                    {"data", {{"object", {{"id", "cus_unknown"}, {"object", "customer"}}}}}});
}

class BadInput : public ::testing::Test {
 protected:
  BadInput()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", "10"}),
        api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
    connection_ = api_.connect(sandbox_.stripe_connection());
    state_ = state();
  }

  void TearDown() override { EXPECT_EQ(state(), state_) << "something was written"; }

  std::string state() {
    std::string text;
    for (const char* table :
         {"clients", "jobs", "invoices", "payments", "connections", "sync_runs", "work_items", "outbox"})
      text += std::string(table) + " " + world_.value("select count(*) from " + std::string(table)) + ", ";
    return text;
  }

  void expect_problem(const HttpAnswer& answer, int status, const std::string& what) {
    const auto body = answer.json();
    EXPECT_EQ(answer.status, status) << what << ": " << answer.text();
    EXPECT_TRUE(answer.header("Content-Type").starts_with("application/problem+json"))
        << what << ": " << answer.header("Content-Type");
    for (const char* member : {"type", "title", "detail", "code", "message", "requestId"})
      EXPECT_FALSE(sdk::string_at(body, member).empty()) << what << " has no " << member << ": " << answer.text();
    const auto* told = sdk::find_member(body, "status");
    EXPECT_TRUE(told != nullptr && told->is_int64() && told->get_int64() == status) << what << ": " << answer.text();
    for (const char* secret : {"select ", "insert ", "whsec_", "sk_test_", ".cpp"})
      EXPECT_EQ(answer.body.find(secret), std::string::npos) << what << " tells too much: " << answer.text();
  }

  HttpAnswer post(const std::string& path, const std::string& body, sdk::Headers headers) const {
    return api_.send("POST", path, body, std::move(headers));
  }
  HttpAnswer webhook(const std::string& path, const std::string& body, sdk::Headers headers) const {
    headers.emplace_back("Content-Type", "application/json");
    return send_http(hub_.port(), {"POST", "/api/v1/webhooks" + path, std::move(headers), body});
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string connection_, state_;
};

const sdk::Headers kJson{{"Content-Type", "application/json"}};

TEST_F(BadInput, OfValues) {
  const auto unknown = post("/clients", R"({"name":"A","nam":"B"})", kJson);
  expect_problem(unknown, 400, "an unknown field");
  EXPECT_EQ(sdk::string_at(unknown.json(), "errors[0].field"), "nam") << unknown.text();
  const auto wrong = post("/clients", R"({"name":5,"email":"no address","tags":"x"})", kJson);
  const auto told = wrong.json();
  expect_problem(wrong, 400, "wrong types");
  const auto* errors = sdk::find_member(told, "errors");
  EXPECT_TRUE(errors != nullptr && errors->is_array() && errors->as_array().size() == 3)
      << "all mistakes at once: " << wrong.text();
  expect_problem(post("/clients", "{}", kJson), 400, "a missing field");
  expect_problem(post("/clients", "{\"name\":", kJson), 400, "broken JSON");
  expect_problem(post("/clients", "[1]", kJson), 400, "JSON that is no object");
  expect_problem(post("/clients", std::string("{\"name\":\"\xFF\"}"), kJson), 400, "text that is not UTF-8");
  expect_problem(post("/clients", R"({"name":"A"})", {{"Content-Type", "text/plain"}}), 415, "a wrong content type");
  expect_problem(post("/clients", R"({"name":"A"})", {}), 415, "no content type");
  expect_problem(post("/clients", "{\"name\":\"" + std::string(11 * 1024 * 1024, 'a') + "\"}", kJson), 413, "11 MB");
  expect_problem(post("/clients", std::string(100'000, '['), kJson), 400, "deep JSON");
}

TEST_F(BadInput, OfAddresses) {
  expect_problem(api_.send("GET", "/clients/not-a-uuid"), 400, "a bad UUID");
  expect_problem(api_.send("GET", "/clients/01a1fc89-0000-7000-8000-000000000000"), 404, "an unknown id");
  expect_problem(api_.send("GET", "/nothing-here"), 404, "an unknown route");
  expect_problem(api_.send("DELETE", "/auth/login"), 405, "a wrong method");
  expect_problem(api_.send("GET", "/clients?nope=1"), 400, "an unknown filter");
  expect_problem(api_.send("GET", "/clients?pageSize=9999"), 400, "a page too large");
  expect_problem(api_.send("GET", "/clients?cursor=rubbish"), 400, "a forged cursor");
  expect_problem(api_.send_json("POST", "/connections/" + connection_ + "/sync", {{"mode", "sideways"}}), 400,
                 "an unknown mode");
  expect_problem(api_.send_json("POST", "/connections", {{"connector", "nobody"}, {"name", "x"}}), 400,
                 "an unknown connector");
}

TEST_F(BadInput, OfStrangers) {
  HubApi nobody(hub_.port());
  expect_problem(nobody.send("GET", "/clients"), 401, "no sign-in");
  expect_problem(nobody.send_json("POST", "/auth/login", {{"email", "admin@patchbay.example"}, {"password", "wrong"}}),
                 401, "a wrong password");
  expect_problem(send_http(hub_.port(), {"GET", "/api/v1/clients", {{"Authorization", "Bearer e30.e30.x"}}, {}}), 401,
                 "a forged token");
  // Who registers is a customer: no staff permissions.
  const auto registered = nobody.send_json("POST", "/auth/register",
                                           {{"email", "customer@example.org"},
                                            {"password", "Customer-pass-9"},
                                            {"name", "A Customer"},
                                            {"username", "customer"}});
  ASSERT_EQ(registered.status / 100, 2) << registered.text();
  HubApi customer(hub_.port());
  customer.sign_in("customer@example.org", "Customer-pass-9");
  expect_problem(customer.send_json("POST", "/clients", {{"name", "A"}}), 403, "a missing permission");
  expect_problem(customer.send("GET", "/connections"), 403, "a missing permission to read");
  expect_problem(customer.send_json("POST", "/connections/" + connection_ + "/sync", {{"mode", "full"}}), 403,
                 "a missing permission to act");
  state_ = state();  // the registration is no mistake
}

TEST_F(BadInput, OfWebhooks) {
  const auto body = stripe_event("evt_bad");
  expect_problem(webhook("/stripe", body, {}), 401, "an unsigned webhook");
  expect_problem(webhook("/stripe", body, {{"Stripe-Signature", stripe_signature(body + " ")}}), 401,
                 "a forged webhook");
  expect_problem(webhook("/stripe", body, {{"Stripe-Signature", stripe_signature(body, 0s, "whsec_other")}}), 401,
                 "another key's webhook");
  expect_problem(webhook("/stripe", body, {{"Stripe-Signature", stripe_signature(body, 1h)}}), 401, "a stale webhook");
  expect_problem(webhook("/stripe", body, {{"Stripe-Signature", stripe_signature(body, -1h)}}), 401,
                 "a webhook from the future");
  expect_problem(webhook("/nobody", body, {{"Stripe-Signature", stripe_signature(body)}}), 404, "an unknown connector");
  expect_problem(
      webhook("/stripe/01a1fc89-0000-7000-8000-000000000000", body, {{"Stripe-Signature", stripe_signature(body)}}),
      404, "an unknown connection");
  const std::string large(11 * 1024 * 1024, 'x');
  expect_problem(webhook("/stripe", large, {{"Stripe-Signature", stripe_signature(large)}}), 413, "a webhook of 11 MB");
}

/// After all that a good webhook is still taken, and a repeat of it is the same one.
TEST_F(BadInput, DoesNotKeepGoodWebhooksOut) {
  for (int index = 0; index < 20; ++index) webhook("/stripe", "rubbish", {});
  const auto body = stripe_event("evt_good");
  for (int repeat = 0; repeat < 3; ++repeat) {
    const auto taken = webhook("/stripe", body, {{"Stripe-Signature", stripe_signature(body)}});
    EXPECT_EQ(taken.status, 200) << taken.text();
  }
  EXPECT_TRUE(wait_until([&] { return world_.number("select count(*) from work_items where state = 'done'") == 1; },
                         30s, 20ms));
  EXPECT_EQ(world_.number("select count(*) from work_items"), 1);
  state_ = state();
}

}  // namespace
}  // namespace patchbay::testing
