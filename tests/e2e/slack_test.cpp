// Slack in the real hub: messages read and told apart, what is said and changed within a moment, what the hub says
// once.
#include "platform/base/digest.hpp"
#include "tests/support/hub_world.hpp"
#include "tests/support/wait.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;
using sdk::json::value;

class Slack : public ::testing::Test {
 protected:
  Slack()
      : hub_(world_.settings({{"PATCHBAY_ROLES", "api,webhooks,worker"}})),
        sandbox_({"--clients", "60", "--seed", "5", "--webhook-target", hub_.webhook_target()}),
        api_(hub_.port()) {
    hub_.start();
    api_.sign_in();
  }
  void connect() { slack_ = api_.connect(sandbox_.slack_connection()); }

  /// The row of a message of Slack's; null where there is none.
  value message(const std::string& id) {
    const auto entity = world_.value(
        "select coalesce(min(entity_id::text), '') from entity_links where service = 'slack' and external_id = $1 and "
        "deleted_at is null",
        {id});
    if (entity.empty()) return {};
    const auto row = api_.send("GET", "/messages/" + entity);  // it may go in this very moment
    return row.status == 200 ? row.json().at("data") : value();
  }
  std::string channel(const std::string& name) {
    for (const auto& known : sandbox_.truth("slack", "channels")) {
      if (sdk::string_at(known, "name") == name) return sdk::string_at(known, "id");
    }
    ADD_FAILURE() << "no channel " << name;
    return {};
  }
  std::string say(const sdk::json::object& what) {
    return sdk::string_at(sandbox_.control("POST", "/slack/messages", what), "id");
  }
  /// The message of the sandbox's channel with a text; null where there is none or more than one.
  value posted(const std::string& text) {
    value found;
    for (const auto& shown : sandbox_.truth("slack", "messages")) {
      if (sdk::string_at(shown, "text") != text) continue;
      if (!found.is_null()) return {};
      found = shown;
    }
    return found;
  }
  bool becomes(const std::function<bool()>& holds) { return wait_until(holds, 30s, 50ms); }
  void expect_nothing_waits() {
    EXPECT_TRUE(becomes(
        [&] { return world_.number("select count(*) from work_items where state in ('due', 'claimed')") == 0; }));
    EXPECT_EQ(world_.number("select count(*) from work_items where state = 'dead'"), 0)
        << world_.value("select string_agg(last_error::text, ' ') from work_items where state = 'dead'");
  }

  HubWorld world_;
  HubProcess hub_;
  SandboxProcess sandbox_;
  HubApi api_;
  std::string slack_;
};

TEST_F(Slack, EveryMessageOfItsChannelsIsThereOnceWithItsThread) {
  connect();
  const auto run = api_.sync(slack_, "full", 120s);
  EXPECT_EQ(run.at("counts").at("failed").to_number<int>(), 0) << sdk::json::serialize(run);
  std::size_t expected = 0, answers = 0;
  for (const auto& shown : sandbox_.truth("slack", "messages")) {
    const auto row = message(sdk::string_at(shown, "id"));
    if (sdk::string_at(shown, "subtype") == "channel_join") {
      EXPECT_TRUE(row.is_null()) << "nobody said anything";
      continue;
    }
    ++expected;
    ASSERT_TRUE(row.is_object()) << sdk::json::serialize(shown);
    const auto thread = sdk::string_at(shown, "thread_ts");
    const auto root = thread.empty() ? sdk::string_at(shown, "ts") : thread;
    answers += root == sdk::string_at(shown, "ts") ? 0 : 1;
    EXPECT_EQ(sdk::string_at(row, "threadKey"), sdk::string_at(shown, "channel") + ":" + root);
    EXPECT_EQ(sdk::string_at(row, "fromAddress"), sdk::string_at(shown, "user"));
    EXPECT_EQ(sdk::string_at(row, "direction"), "inbound");
    EXPECT_EQ(row.at("reactions").as_array().empty(), !shown.as_object().contains("reactions"));
    EXPECT_EQ(sdk::string_at(row, "sentAt").substr(0, 4), "2026");
  }
  EXPECT_GT(answers, 3u);
  EXPECT_EQ(api_.exact_count("/messages"), static_cast<std::int64_t>(expected));
  const auto again = api_.sync(slack_, "incremental", 60s);
  EXPECT_EQ(again.at("counts").at("updated").to_number<int>(), 0) << sdk::json::serialize(again);
}

TEST_F(Slack, WhatPeopleSayChangeAnswerAndTakeBackIsSeen) {
  connect();
  const auto id = say({{"channel", "general"}, {"user", "U0ADA"}, {"text", "Tap &amp; sink"}});
  ASSERT_TRUE(becomes([&] { return sdk::string_at(message(id), "body") == "Tap & sink"; }))
      << hub_.program().log_tail();
  const auto ts = id.substr(id.find(':') + 1);
  const auto answer = say({{"channel", "general"}, {"user", "U0BEN"}, {"text", "On it"}, {"thread_ts", ts}});
  ASSERT_TRUE(becomes([&] { return sdk::string_at(message(answer), "threadKey") == id; }));
  sandbox_.control("PATCH", "/slack/messages/" + id, {{"text", "Sink only"}});
  sandbox_.control("PATCH", "/slack/messages/" + answer, {{"react", "eyes"}, {"user", "U0ADA"}});
  ASSERT_TRUE(becomes([&] { return sdk::string_at(message(id), "body") == "Sink only"; }));
  ASSERT_TRUE(becomes([&] { return sdk::string_at(message(answer), "reactions[0].name") == "eyes"; }));
  sandbox_.control("PATCH", "/slack/messages/" + answer, {{"unreact", "eyes"}, {"user", "U0ADA"}});
  ASSERT_TRUE(becomes([&] { return message(answer).at("reactions").as_array().empty(); }));
  sandbox_.control("DELETE", "/slack/messages/" + answer, sdk::json::object());
  ASSERT_TRUE(becomes([&] { return message(answer).is_null(); }));
  // A deletion that no webhook told is found by a full run; an edit by the next incremental one.
  sandbox_.control("POST", "/faults", {{"service", "slack"}, {"kind", "webhook_drop"}});
  const auto lost = say({{"channel", "general"}, {"user", "U0ADA"}, {"text", "Never told"}});
  sandbox_.control("PATCH", "/slack/messages/" + id, {{"text", "Edited unseen"}});
  api_.sync(slack_, "full", 120s);
  EXPECT_EQ(sdk::string_at(message(lost), "body"), "Never told");
  EXPECT_EQ(sdk::string_at(message(id), "body"), "Edited unseen");
  sandbox_.control("PATCH", "/slack/messages/" + id, {{"text", "Edited again"}});
  api_.sync(slack_, "incremental", 60s);
  EXPECT_EQ(sdk::string_at(message(id), "body"), "Edited again");
  sandbox_.control("DELETE", "/slack/messages/" + lost, sdk::json::object());
  api_.sync(slack_, "full", 120s);
  EXPECT_TRUE(message(lost).is_null());
  expect_nothing_waits();
}

TEST_F(Slack, WhatIsOutOfSightIsNotGone) {
  connect();
  api_.sync(slack_, "full", 120s);
  const auto known = api_.exact_count("/messages");
  sandbox_.control("PATCH", "/slack/channels/" + channel("parts"), {{"is_member", false}});
  const auto second = api_.sync(slack_, "full", 120s);
  EXPECT_EQ(second.at("counts").at("deleted").to_number<int>(), 0) << sdk::json::serialize(second);
  EXPECT_EQ(api_.exact_count("/messages"), known) << "the app was removed from a channel, nobody deleted a word";
}

TEST_F(Slack, TheHubSaysItOnceInChannelAndThreadAndKnowsItsOwnEcho) {
  connect();
  const auto made = api_.post(
      "/messages/slack",
      {{"channel", "#dispatch"}, {"text", "Truck 4 <is> ready"}, {"blocks", sdk::json::array{{{"type", "divider"}}}}});
  EXPECT_EQ(sdk::string_at(made, "status"), "queued");
  const auto path = "/messages/" + sdk::string_at(made, "id");
  ASSERT_TRUE(becomes([&] { return sdk::string_at(api_.get(path), "status") == "sent"; })) << hub_.program().log_tail();
  const auto shown = posted("Truck 4 &lt;is&gt; ready");
  ASSERT_TRUE(shown.is_object());
  EXPECT_EQ(sdk::string_at(shown, "blocks[0].type"), "divider");
  EXPECT_EQ(sdk::string_at(shown, "channel"), channel("dispatch"));
  const auto id = sdk::string_at(shown, "id");
  const auto row = api_.get(path);
  EXPECT_EQ(sdk::string_at(row, "externalIds.slack"), id);
  EXPECT_EQ(sdk::string_at(row, "threadKey"), id);
  EXPECT_EQ(sdk::string_at(row, "body"), "Truck 4 <is> ready");
  // An answer in its thread, with an answer lost on the way and an overloaded moment before it.
  sandbox_.control(
      "POST", "/faults",
      {{"service", "slack"}, {"match", "chat.postMessage"}, {"kind", "reset"}, {"count", 1}, {"after", true}});
  sandbox_.control("POST", "/faults",
                   {{"service", "slack"}, {"match", "conversations.history"}, {"kind", "server_error"}, {"count", 1}});
  const auto answer =
      api_.post("/messages", {{"channel", "slack"}, {"to", "#dispatch"}, {"text", "And gone"}, {"threadId", id}});
  const auto answer_path = "/messages/" + sdk::string_at(answer, "id");
  ASSERT_TRUE(becomes([&] { return sdk::string_at(api_.get(answer_path), "status") == "sent"; }))
      << hub_.program().log_tail();
  const auto gone = posted("And gone");
  ASSERT_TRUE(gone.is_object()) << "sent once";
  EXPECT_EQ(sdk::string_at(gone, "thread_ts"), sdk::string_at(shown, "ts"));
  expect_nothing_waits();
  api_.sync(slack_, "full", 120s);
  EXPECT_EQ(world_.number("select count(*) from messages where direction = 'outbound' and deleted_at is null"), 2)
      << "the echo is the message itself";
  EXPECT_EQ(sdk::string_at(message(id), "id"), sdk::string_at(made, "id"));
  // A reaction to what the hub said lands on it.
  sandbox_.control("PATCH", "/slack/messages/" + id, {{"react", "tada"}, {"user", "U0ADA"}});
  ASSERT_TRUE(becomes([&] { return sdk::string_at(api_.get(path), "reactions[0].name") == "tada"; }));
  // Nowhere to go: said, and not tried for ever.
  const auto nowhere = api_.post("/messages/slack", {{"channel", "#no-such-channel"}, {"text", "x"}});
  const auto nowhere_path = "/messages/" + sdk::string_at(nowhere, "id");
  ASSERT_TRUE(becomes([&] { return sdk::string_at(api_.get(nowhere_path), "status") == "failed"; }));
  EXPECT_EQ(api_.send_json("POST", "/messages", {{"channel", "phone"}, {"to", "x"}, {"text", "x"}}).status, 400);
  EXPECT_EQ(api_.send_json("POST", "/messages", {{"channel", "slack"}, {"to", "#dispatch"}}).status, 400);
  EXPECT_EQ(api_.send_json("POST", "/messages", {{"channel", "sms"}, {"to", "+18105550100"}, {"text", "x"}}).status,
            409);
  expect_nothing_waits();
}

TEST_F(Slack, PeopleAskByCommandAndByMentionAndSlackIsAnsweredAsItAsks) {
  connect();
  const auto client = api_.post("/clients", {{"name", "Ada Lovelace"}, {"phone", "+18105550100"}});
  api_.post("/jobs", {{"title", "Boiler"},
                      {"clientId", client.at("id")},
                      {"scheduledStart", sdk::format_time(std::chrono::system_clock::now())}});
  const auto user = sdk::string_at(sandbox_.truth("slack", "users").at(1), "id");
  const auto asks = [&](const std::string& who, const std::string& text) {
    const auto given = sandbox_.control("POST", "/slack/commands", {{"user", who}, {"text", text}});
    std::string told;
    EXPECT_TRUE(becomes([&] {
      const auto log = sandbox_.look("/deliveries?service=slack&limit=200");
      for (const auto& delivery : log.at("data").as_array()) {
        if (delivery.at("eventId") == given.at("deliveryId")) told = sdk::string_at(delivery, "lastBody");
      }
      return !told.empty();
    })) << hub_.program().log_tail();
    return told;
  };
  EXPECT_NE(asks(user, "client lovelace").find("I do not know you"), std::string::npos);
  EXPECT_NE(asks(user, "help").find("jobs today"), std::string::npos);
  const auto other = sdk::string_at(sandbox_.truth("slack", "users").at(2), "id");
  sandbox_.control("PATCH", "/slack/users/" + other, {{"email", world_.value("select email from users limit 1")}});
  const auto told = asks(other, "client lovelace");
  EXPECT_NE(told.find("Ada Lovelace"), std::string::npos) << told;
  EXPECT_NE(told.find("\"response_type\":\"ephemeral\""), std::string::npos) << told;

  // A mention is answered in its thread, once, although its webhook comes twice.
  sandbox_.control("POST", "/faults", {{"service", "slack"}, {"kind", "webhook_duplicate"}, {"match", "app_mention"}});
  const auto mention = say({{"channel", "general"}, {"user", other}, {"text", "<@U0SANDBOXBOT> jobs today"}});
  const auto answers = [&] {
    std::vector<value> found;
    for (const auto& shown : sandbox_.truth("slack", "messages")) {
      if (sdk::string_at(shown, "thread_ts") == mention.substr(mention.find(':') + 1) &&
          shown.as_object().contains("bot_id"))
        found.push_back(shown);
    }
    return found;
  };
  ASSERT_TRUE(becomes([&] { return !answers().empty(); })) << hub_.program().log_tail();
  expect_nothing_waits();
  ASSERT_EQ(answers().size(), 1u);
  EXPECT_NE(sdk::string_at(answers().front(), "text").find("Boiler"), std::string::npos);
  EXPECT_EQ(sdk::string_at(message(mention), "direction"), "inbound") << "the question itself is a message";

  // What Slack asks when the address is entered.
  const auto at = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count());
  const std::string handshake = R"({"token":"x","challenge":"3eZbrw1a","type":"url_verification"})";
  const auto signature =
      "v0=" + sdk::hex_encode(base::hmac_sha256("slack-sandbox-signing", "v0:" + at + ":" + handshake));
  const auto call = [&](const std::string& body, const std::string& type, const std::string& signed_with) {
    return send_http(hub_.port(),
                     {"POST",
                      "/api/v1/webhooks/slack",
                      {{"Content-Type", type}, {"X-Slack-Request-Timestamp", at}, {"X-Slack-Signature", signed_with}},
                      body});
  };
  const auto echoed = call(handshake, "application/json", signature);
  EXPECT_EQ(echoed.status, 200);
  EXPECT_EQ(echoed.body, "3eZbrw1a");
  EXPECT_EQ(call(handshake, "application/json", "v0=" + std::string(64, '0')).status, 401);
  const auto probe =
      call("ssl_check=1&command=%2Fpatchbay&text=help&user_id=U1", "application/x-www-form-urlencoded", "");
  EXPECT_EQ(probe.status, 200);
  EXPECT_EQ(probe.body, "") << "nothing in an unsigned probe is obeyed";
}

TEST_F(Slack, IsConnectedByItsOwnersConsentWithTheBotsTokenNotThePersons) {
  const auto made = api_.post("/connections", sandbox_.slack_connection(false));
  EXPECT_EQ(sdk::string_at(made, "state"), "new");
  const auto id = sdk::string_at(made, "id");
  const auto page = sdk::string_at(api_.post("/connections/" + id + "/authorize", sdk::json::object()), "authorizeUrl");
  EXPECT_NE(page.find("scope=chat%3Awrite%2C"), std::string::npos) << page;
  const auto back = sandbox_.approve(page);
  EXPECT_EQ(send_http(hub_.port(), {"GET", back.substr(hub_.url("").size()), {}, {}}).status, 200);
  const auto connected = api_.get("/connections/" + id);
  EXPECT_EQ(sdk::string_at(connected, "state"), "connected") << sdk::json::serialize(connected);
  EXPECT_EQ(sdk::string_at(connected, "accountId"), "T0SANDBOX");
  const auto run = api_.sync(id, "full", 120s);
  EXPECT_GT(run.at("counts").at("created").to_number<int>(), 10);
  EXPECT_EQ(sandbox_.look("/calls?service=slack&match=oauth.v2.access").at("data").as_array().size(), 1u);
  // Uninstalled: said at once, by its webhook.
  sandbox_.control("POST", "/slack/uninstalls", sdk::json::object());
  ASSERT_TRUE(becomes([&] { return sdk::string_at(api_.get("/connections/" + id), "state") == "disconnected"; }))
      << hub_.program().log_tail();
}

}  // namespace
}  // namespace patchbay::testing
