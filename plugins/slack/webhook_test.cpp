// What Slack sends and how it is answered.
#include "webhook.hpp"

#include "slack_for_test.hpp"

namespace patchbay::slack {
namespace {

using ::testing::HasSubstr;

sdk::WebhookRequest request_of(std::string body, const std::string& type = "application/json") {
  sdk::WebhookRequest request;
  request.headers = {{"Content-Type", type}};
  request.body = std::move(body);
  return request;
}

sdk::WebhookRequest form_of(std::string body) {
  return request_of(std::move(body), "application/x-www-form-urlencoded");
}

json::object envelope(json::object inner, const std::string& event_id = "Ev1") {
  inner["event_ts"] = "1700000010.000100";
  return {{"type", "event_callback"},
          {"team_id", "T1"},
          {"api_app_id", "AAPP"},
          {"event_id", event_id},
          {"event", std::move(inner)},
          {"authorizations",
           json::array{json::object{
               {"team_id", "T1"}, {"user_id", "UBOT"}, {"is_bot", true}, {"is_enterprise_install", false}}}}};
}

sdk::WebhookEvent parse_one(const json::object& body) {
  auto events = parse_request(request_of(json::serialize(body)));
  EXPECT_TRUE(events.ok()) << (events.ok() ? "" : events.error().message);
  return events.ok() && !events->empty() ? events->front() : sdk::WebhookEvent();
}

TEST(SlackWebhook, AMessageComesWhole) {
  const auto event = parse_one(envelope(
      {{"type", "message"}, {"channel", "C1"}, {"user", "U1"}, {"text", "café"}, {"ts", "1355517523.000005"}}));
  EXPECT_EQ(event.topic, "message");
  EXPECT_EQ(event.event_id, "Ev1");
  EXPECT_EQ(event.account_id, "T1");
  EXPECT_EQ(event.external_id, "C1:1355517523.000005");
  ASSERT_TRUE(event.snapshot.has_value());
  EXPECT_EQ(sdk::string_at(event.snapshot->data, "patchbay.text"), "café");
  EXPECT_EQ(event.occurred_at->time_since_epoch(), std::chrono::microseconds(1'700'000'010'000'100));
  EXPECT_FALSE(event.command.has_value());
}

TEST(SlackWebhook, OurOwnMessagesGoOut) {
  const auto event = parse_one(envelope(
      {{"type", "message"}, {"channel", "C1"}, {"bot_id", "B7"}, {"app_id", "AAPP"}, {"ts", "1355517523.000005"}}));
  EXPECT_EQ(sdk::string_at(event.snapshot->data, "patchbay.direction"), "outbound");
}

TEST(SlackWebhook, AnEditNamesTheMessageInsideAndADeletionItsTs) {
  const auto edit = parse_one(envelope(
      {{"type", "message"},
       {"subtype", "message_changed"},
       {"channel", "C1"},
       {"ts", "1700000010.000100"},
       {"message",
        json::object{{"ts", "1355517523.000005"}, {"text", "new"}, {"edited", json::object{{"ts", "1.0"}}}}}}));
  EXPECT_EQ(edit.external_id, "C1:1355517523.000005");
  EXPECT_EQ(sdk::string_at(edit.snapshot->data, "text"), "new");
  const auto deletion = parse_one(envelope({{"type", "message"},
                                            {"subtype", "message_deleted"},
                                            {"channel", "C1"},
                                            {"ts", "1700000010.000100"},
                                            {"deleted_ts", "1355517523.000005"}}));
  EXPECT_EQ(deletion.external_id, "C1:1355517523.000005");
  EXPECT_TRUE(deletion.deleted);
  const auto emptied =
      parse_one(envelope({{"type", "message"},
                          {"subtype", "message_changed"},
                          {"channel", "C1"},
                          {"message", json::object{{"ts", "1355517523.000005"}, {"subtype", "tombstone"}}}}));
  EXPECT_TRUE(emptied.deleted) << "what remains of a deleted message that has answers";
}

TEST(SlackWebhook, AReactionPointsToItsMessage) {
  const auto event = parse_one(
      envelope({{"type", "reaction_added"},
                {"user", "U1"},
                {"reaction", "eyes"},
                {"item", json::object{{"type", "message"}, {"channel", "C1"}, {"ts", "1355517523.000005"}}}}));
  EXPECT_EQ(event.external_id, "C1:1355517523.000005");
  EXPECT_FALSE(event.snapshot.has_value()) << "the message has to be read for its reactions";
  EXPECT_TRUE(
      parse_one(envelope({{"type", "reaction_added"}, {"item", json::object{{"type", "file"}}}})).resource.empty());
}

TEST(SlackWebhook, RetriesAreNotDuplicates) {
  auto retry =
      request_of(json::serialize(envelope({{"type", "message"}, {"channel", "C1"}, {"ts", "1355517523.000005"}})));
  retry.headers.emplace_back("X-Slack-Retry-Num", "1");
  retry.headers.emplace_back("X-Slack-Retry-Reason", "http_timeout");
  const auto events = parse_request(retry);
  ASSERT_TRUE(events.ok());
  EXPECT_EQ(events->front().resource, "messages") << "the first try may never have come";
  EXPECT_EQ(events->front().dedupe_key, "Ev1") << "and if it did, the id tells";
}

TEST(SlackWebhook, AuthorizationsArePartialAndTellWhoseTheEventIs) {
  auto shared = envelope({{"type", "message"}, {"channel", "C1"}, {"ts", "1355517523.000005"}});
  shared["team_id"] = "TOTHER";
  EXPECT_EQ(parse_one(shared).account_id, "T1") << "a shared channel: the message is the other company's";
  shared["authorizations"].as_array()[0] =
      json::object{{"enterprise_id", "E1"}, {"team_id", nullptr}, {"is_enterprise_install", true}};
  EXPECT_EQ(parse_one(shared).account_id, "E1");
  shared.erase("authorizations");
  EXPECT_EQ(parse_one(shared).account_id, "TOTHER");
}

TEST(SlackWebhook, AMentionIsAMessageAndACommandForItsThread) {
  const auto events = *parse_request(request_of(json::serialize(envelope({{"type", "app_mention"},
                                                                          {"channel", "C1"},
                                                                          {"user", "U1"},
                                                                          {"ts", "1355517523.000005"},
                                                                          {"text", "<@UBOT> client O&amp;Brien"}}))));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].external_id, "C1:1355517523.000005");
  ASSERT_TRUE(events[1].command.has_value());
  EXPECT_EQ(events[1].command->text, "client O&Brien");
  EXPECT_EQ(events[1].command->user_id, "U1");
  EXPECT_EQ(events[1].command->channel, "C1:1355517523.000005") << "where the answer goes";
  EXPECT_NE(events[1].dedupe_key, events[0].dedupe_key);
  EXPECT_TRUE(events[1].resource.empty());
  const auto bot = *parse_request(request_of(json::serialize(envelope({{"type", "app_mention"},
                                                                       {"channel", "C1"},
                                                                       {"user", "U1"},
                                                                       {"bot_id", "B2"},
                                                                       {"ts", "1355517523.000005"},
                                                                       {"text", "<@UBOT> help"}}))));
  EXPECT_EQ(bot.size(), 1u) << "programs are not answered";
}

TEST(SlackWebhook, WhatTakesTheAuthorisationAwayDisconnects) {
  EXPECT_TRUE(parse_one(envelope({{"type", "app_uninstalled"}})).disconnected);
  EXPECT_TRUE(
      parse_one(envelope({{"type", "tokens_revoked"}, {"tokens", json::object{{"bot", {"UBOT"}}}}})).disconnected);
  EXPECT_FALSE(parse_one(envelope({{"type", "tokens_revoked"},
                                   {"tokens", json::object{{"oauth", {"U1"}}, {"bot", json::array()}}}}))
                   .disconnected)
      << "a person's token is not the bot's";
}

TEST(SlackWebhook, GapsAndInvitationsAskForARun) {
  const auto gap = parse_one({{"type", "app_rate_limited"}, {"team_id", "T1"}, {"minute_rate_limited", 1518467820}});
  EXPECT_TRUE(gap.resync);
  EXPECT_EQ(gap.resource, "messages");
  EXPECT_THAT(gap.dedupe_key, HasSubstr("1518467820"));
  EXPECT_TRUE(parse_one(envelope({{"type", "member_joined_channel"}, {"user", "UBOT"}, {"channel", "C1"}})).resync);
  EXPECT_FALSE(parse_one(envelope({{"type", "member_joined_channel"}, {"user", "U1"}, {"channel", "C1"}})).resync);
}

TEST(SlackWebhook, TheChallengeIsEchoed) {
  const auto request = request_of(R"({"token":"x","challenge":"3eZbrw1a","type":"url_verification"})");
  const auto answer = answer_request(request, std::nullopt);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->body, "3eZbrw1a");
  EXPECT_TRUE(parse_request(request)->front().resource.empty());
  EXPECT_EQ(answer_request(request_of(R"({"type":"event_callback","challenge":"x"})"), std::nullopt)->body,
            R"({"received":true})");
}

TEST(SlackWebhook, ASlashCommandIsReadAndItsAnswerShownToItsSenderOnly) {
  const auto request = form_of(
      "token=x&team_id=T1&channel_id=C1&user_id=U1&user_name=root&command=%2Fpatchbay&text=jobs+today%21"
      "&trigger_id=13.7.a&is_enterprise_install=false&enterprise_id=E1");
  const auto events = parse_request(request);
  ASSERT_TRUE(events.ok()) << events.error().message;
  const auto& event = events->front();
  ASSERT_TRUE(event.command.has_value());
  EXPECT_EQ(event.command->text, "jobs today!");
  EXPECT_EQ(event.command->user_id, "U1");
  EXPECT_EQ(event.account_id, "T1");
  EXPECT_EQ(event.dedupe_key, "command:13.7.a");
  const auto answer = answer_request(request, sdk::CommandReply{true, "Jobs <today>", {"1. A & B", "2. C"}});
  const auto body = json::parse(answer->body);
  EXPECT_EQ(sdk::string_at(body, "response_type"), "ephemeral");
  EXPECT_EQ(sdk::string_at(body, "text"), "*Jobs &lt;today&gt;*\n1. A &amp; B\n2. C");
  EXPECT_THAT(answer_request(request, sdk::CommandReply{false, "No", {}})->body, HasSubstr(":warning:"));
  EXPECT_EQ(answer_request(request, std::nullopt)->body, "");
}

TEST(SlackWebhook, AnInteractionIsTakenAndAnsweredWithNothing) {
  const auto request = form_of(
      "payload=%7B%22type%22%3A%22block_actions%22%2C%22team%22%3A%7B%22id%22%3A%22T1%22%7D%2C%22trigger_id%22%3A%2212."
      "3.b%22%7D");
  const auto events = parse_request(request);
  ASSERT_TRUE(events.ok()) << events.error().message;
  EXPECT_EQ(events->front().topic, "interaction.block_actions");
  EXPECT_EQ(events->front().account_id, "T1");
  EXPECT_EQ(events->front().dedupe_key, "interaction:12.3.b");
  EXPECT_EQ(answer_request(request, std::nullopt)->body, "");
}

TEST(SlackWebhook, ACertificateCheckIsAnsweredAndNothingElseInItIsRead) {
  const auto probe = answer_certificate_check(form_of("ssl_check=1&token=x&command=%2Fpatchbay&text=help"));
  ASSERT_TRUE(probe.has_value());
  EXPECT_EQ(probe->status, 200);
  EXPECT_EQ(probe->body, "");
  EXPECT_FALSE(answer_certificate_check(form_of("command=%2Fpatchbay&text=ssl_check%3D1")).has_value());
  EXPECT_FALSE(answer_certificate_check(request_of(R"({"ssl_check":"1"})")).has_value());
}

TEST(SlackWebhook, HostileFormsAreRefused) {
  for (const char* body : {"", "&&&", "command=%2", "command=%zz&user_id=U1", "payload=", "payload=%7B",
                           "payload=%5B%5D", "payload=%7B%22type%22%3A7%7D", "command=%2Fpatchbay", "user_id=U1",
                           "command=%FF&user_id=U1", "command=%00&user_id=U1"})
    EXPECT_EQ(parse_request(form_of(body)).error().error_class, sdk::ErrorClass::kInvalid) << body;
  std::string many = "command=x&user_id=U1";
  for (int i = 0; i < 200; ++i) many += "&f" + std::to_string(i) + "=1";
  EXPECT_FALSE(parse_request(form_of(many)).ok());
}

}  // namespace
}  // namespace patchbay::slack
