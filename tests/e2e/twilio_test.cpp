// Twilio in the real hub: messages read, at the right clients; a text that comes in, a status that changes, both within
// a moment.
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;

class Twilio : public ::testing::Test {
 protected:
  Twilio()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", "150", "--seed", "11", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
    stripe_ = api_.connect(sandbox_.stripe_connection());
    api_.sync(stripe_, "full", 120s);
    twilio_ = api_.connect(sandbox_.twilio_connection());
  }

  value message(const std::string& sid) {
    const auto id = world_.value(
        "select coalesce(min(entity_id::text), '') from entity_links where service = 'twilio' and external_id = $1",
        {sid});
    return id.empty() ? value() : api_.get("/messages/" + id);
  }
  /// The one client of the hub with a number, or nobody.
  std::string client_with(const std::string& number) {
    return world_.value(
        "select case when count(*) = 1 then min(id::text) else '' end from clients where phone_e164 = $1 and "
        "deleted_at is null",
        {number});
  }
  static std::string other_side(const value& shown) {
    return sdk::string_at(shown, sdk::string_at(shown, "direction") == "inbound" ? "from" : "to");
  }
  std::string text(const std::string& from, const std::string& body) {
    return sdk::string_at(sandbox_.control("POST", "/twilio/messages", {{"from", from}, {"body", body}}), "sid");
  }
  bool becomes(const std::string& sid, const std::string& status) {
    return wait_until([&] { return sdk::string_at(message(sid), "status") == status; }, 30s, 50ms);
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string stripe_, twilio_;
};

TEST_F(Twilio, MessagesAreAsTheTruthSaysAtTheClientsWithTheirNumbers) {
  const auto run = api_.sync(twilio_, "full", 120s);
  EXPECT_EQ(run.at("counts").at("failed").to_number<int>(), 0) << sdk::json::serialize(run);
  const auto truth = sandbox_.truth("twilio", "messages");
  ASSERT_GT(truth.size(), 100U);
  EXPECT_EQ(api_.exact_count("/messages"), static_cast<std::int64_t>(truth.size()));
  std::size_t at_clients = 0;
  for (const auto& shown : truth) {
    const auto row = message(sdk::string_at(shown, "sid"));
    const bool inbound = sdk::string_at(shown, "direction") == "inbound";
    EXPECT_EQ(sdk::string_at(row, "direction"), inbound ? "inbound" : "outbound");
    EXPECT_EQ(sdk::string_at(row, "body"), sdk::string_at(shown, "body"));
    EXPECT_EQ(sdk::string_at(row, "fromAddress"), sdk::string_at(shown, "from"));
    EXPECT_EQ(sdk::string_at(row, "externalIds.twilio"), sdk::string_at(shown, "sid"));
    const auto client = client_with(other_side(shown));
    EXPECT_EQ(sdk::string_at(row, "clientId"), client) << sdk::json::serialize(shown);
    at_clients += client.empty() ? 0 : 1;
  }
  EXPECT_GT(at_clients, truth.size() / 3);
  const auto again = api_.sync(twilio_, "incremental", 60s);
  EXPECT_EQ(again.at("counts").at("updated").to_number<int>(), 0) << sdk::json::serialize(again);
}

TEST_F(Twilio, ATextComesInAtTheRightClientAndAStatusMoves) {
  const auto number = world_.value(
      "select phone_e164 from clients where phone_e164 is not null and deleted_at is null"
      " group by phone_e164 having count(*) = 1 limit 1");
  const auto sid = text(number, "The café is flooded & cold 😕");
  ASSERT_TRUE(becomes(sid, "received")) << hub_.program().log_tail();
  const auto row = message(sid);
  EXPECT_EQ(sdk::string_at(row, "clientId"), client_with(number));
  EXPECT_EQ(sdk::string_at(row, "body"), "The café is flooded & cold 😕");
  EXPECT_EQ(sdk::string_at(row, "channel"), "sms");
  // A stranger's text belongs to nobody, until the stranger is a client.
  const auto unknown = text("+18105559999", "Do you do gutters?");
  ASSERT_TRUE(becomes(unknown, "received"));
  EXPECT_TRUE(message(unknown).at("clientId").is_null());
  const auto made = api_.post("/clients", {{"name", "Gutter Person"}, {"phone", "(810) 555-9999"}});
  api_.sync(twilio_, "incremental", 60s);
  EXPECT_EQ(sdk::string_at(message(unknown), "clientId"), sdk::string_at(made, "id"));
  // What another program sent: its callback brings the last status, whatever came first.
  const auto sent =
      sandbox_.control("POST", "/twilio/messages", {{"to", number}, {"body", "On our way"}, {"status", "sent"}});
  const auto ours = sdk::string_at(sent, "sid");
  sandbox_.control("POST", "/faults", {{"service", "twilio"}, {"kind", "webhook_delay"}, {"milliseconds", 400}});
  sandbox_.control("POST", "/faults", {{"service", "twilio"}, {"kind", "webhook_duplicate"}});
  for (const char* status : {"sending", "sent", "delivered"})
    sandbox_.control("PATCH", "/twilio/messages/" + ours, {{"status", status}});
  ASSERT_TRUE(becomes(ours, "delivered"));
  EXPECT_FALSE(message(ours).at("deliveredAt").is_null());
  // A signature that is not Twilio's changes nothing.
  sandbox_.control("DELETE", "/faults", sdk::json::object());
  const auto refused = send_http(hub_.port(), {"POST",
                                               "/api/v1/webhooks/twilio",
                                               {{"Content-Type", "application/x-www-form-urlencoded"},
                                                {"X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}},
                                               "MessageSid=" + ours + "&MessageStatus=failed"});
  EXPECT_EQ(refused.status, 401) << refused.text();
  ASSERT_TRUE(
      wait_until([&] { return world_.number("select count(*) from work_items where state <> 'done'") == 0; }, 30s));
  EXPECT_EQ(sdk::string_at(message(ours), "status"), "delivered");
  EXPECT_EQ(world_.number("select count(*) from work_items where state = 'dead'"), 0);
}

}  // namespace
}  // namespace patchbay::testing
