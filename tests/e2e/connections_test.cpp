// What people do with connections: the first sync is there at once, an account is connected once, again without
// doubles, and nobody gets another's records by claiming his e-mail.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gtest/gtest.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;

class Connections : public ::testing::Test {
 protected:
  Connections()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}, {"PATCHBAY_SYNC_ON_CONNECT", "true"}})),
        sandbox_({"--clients", "60", "--seed", "5"}),
        api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
  }
  std::string first_run(const std::string& connection_id) {
    const auto answer = api_.get("/sync/runs?connectionId=" + connection_id);
    const auto& runs = answer.as_array();
    EXPECT_EQ(runs.size(), 1u);
    if (runs.empty()) return {};
    EXPECT_NE(sdk::string_at(runs[0], "state"), "");
    EXPECT_EQ(sdk::string_at(runs[0], "trigger"), "connect");
    return sdk::string_at(runs[0], "id");
  }
  std::string totals() {
    return world_.value(
        "select (select count(*) from clients where deleted_at is null) || ' clients, ' || (select count(*) || ' "
        "payments "
        "of ' || sum(amount) from payments where deleted_at is null) || ', ' || (select count(*) from entity_links) || "
        "' links'");
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
};

TEST_F(Connections, AnAccountIsConnectedOnceAndAgainWithoutDoubles) {
  const std::string first = api_.connect(sandbox_.stripe_connection());
  api_.wait_for_run(first_run(first), 120s);
  const std::string totals_before = totals();
  const auto second = api_.send_json("POST", "/connections", sandbox_.stripe_connection("second"));
  EXPECT_EQ(second.status, 409) << second.text();
  EXPECT_EQ(sdk::string_at(second.json(), "code"), "connection.account_connected");
  EXPECT_EQ(api_.get("/connections").as_array().size(), 1u);
  const std::string client = world_.value(
      "select entity_id from entity_links where entity_kind = 'client' and deleted_at is null order by external_id "
      "limit 1");
  EXPECT_FALSE(api_.get("/clients/" + client).at("links").as_array().empty());
  EXPECT_EQ(api_.send("DELETE", "/connections/" + first).status, 204);
  EXPECT_EQ(
      world_.number("select count(*) from clients where id = $1::uuid and updated_at > now() - interval '1 minute'"
                    " and updated_at > created_at",
                    {client}),
      1);
  const auto shown = api_.get("/clients/" + client);
  const auto* links = sdk::find_member(shown, "links");
  EXPECT_TRUE(links == nullptr || links->is_null() || links->as_array().empty()) << "of a removed connection";
  const std::string again = api_.connect(sandbox_.stripe_connection());
  api_.wait_for_run(first_run(again), 120s);
  EXPECT_EQ(totals(), totals_before);
}

TEST_F(Connections, WhoRegistersWithAnothersEmailDoesNotGetHisRecords) {
  std::string email;
  for (const auto& customer : sandbox_.truth("stripe", "customers")) {
    email = sdk::string_at(customer, "email");
    if (!email.empty()) break;
  }
  const auto registered = api_.send_json("POST", "/auth/register",
                                         {{"email", email}, {"password", "Correct-horse-8"}, {"name", "Mallory"}});
  ASSERT_EQ(registered.status, 201) << registered.text();
  const std::string client = world_.value("select id from clients where email = $1", {email});
  const std::string stripe = api_.connect(sandbox_.stripe_connection());
  api_.wait_for_run(first_run(stripe), 120s);
  EXPECT_EQ(world_.number("select count(*) from payments where client_id = $1::uuid", {client}), 0);
  EXPECT_EQ(world_.number("select count(*) from identity_conflicts where candidates = array[$1::uuid]", {client}), 1);
}

TEST_F(Connections, AServiceThatGivesNoAnswerIsUnreachableNotConnected) {
  auto connection = sandbox_.stripe_connection();
  connection["options"] = {{"apiBase", "http://127.0.0.1:9"}};
  const auto made = api_.post("/connections", connection);
  EXPECT_EQ(sdk::string_at(made, "state"), "unreachable") << sdk::json::serialize(made);
  EXPECT_TRUE(api_.get("/sync/runs?connectionId=" + sdk::string_at(made, "id")).as_array().empty());
  const auto changed = api_.send_json("PATCH", "/connections/" + sdk::string_at(made, "id"),
                                      {{"options", {{"apiBase", sandbox_.url("/stripe")}}}});
  EXPECT_EQ(sdk::string_at(changed.json(), "data.state"), "connected") << changed.text();
  first_run(sdk::string_at(made, "id"));
}

}  // namespace
}  // namespace patchbay::testing
