// Every trap of Slack's API that reading knows, against a scripted service.
#include "api.hpp"
#include "message.hpp"
#include "slack_for_test.hpp"

namespace patchbay::slack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using enum sdk::ErrorClass;

PATCHBAY_CONTRACT_SUITE(SlackContract, patchbay_plugin)

/// Every page of a list, in one.
sdk::Page walk(sdk::ServiceClient& client, sdk::ListRequest request) {
  sdk::Page all;
  for (int pages = 0; pages < 50; ++pages) {
    auto page = client.list({}, request);
    EXPECT_TRUE(page.ok()) << (page.ok() ? "" : page.error().message);
    if (!page.ok()) return all;
    EXPECT_LE(page->next_cursor.size(), 4096u);
    std::move(page->records.begin(), page->records.end(), std::back_inserter(all.records));
    all.checkpoint = page->checkpoint;
    request.page_cursor = page->next_cursor;
    if (request.page_cursor.empty()) return all;
  }
  ADD_FAILURE() << "the pages do not end";
  return all;
}

std::vector<std::string> ids_of(const sdk::Page& page) {
  std::vector<std::string> ids;
  for (const auto& record : page.records) ids.push_back(record.external_id);
  return ids;
}

sdk::ListRequest messages_request(const std::string& checkpoint = "") {
  sdk::ListRequest request;
  request.resource = "messages";
  request.checkpoint = checkpoint;
  request.mode = checkpoint.empty() ? sdk::SyncMode::kFull : sdk::SyncMode::kIncremental;
  return request;
}

TEST_F(SlackTest, Http200OnError) {
  struct Case {
    const char* error;
    sdk::ErrorClass error_class;
  };
  for (const Case& known : std::vector<Case>{{"invalid_auth", kAuth},
                                             {"token_revoked", kAuth},
                                             {"account_inactive", kAuth},
                                             {"not_authed", kAuth},
                                             {"token_expired", kAuth},
                                             {"missing_scope", kPermanent},
                                             {"no_permission", kPermanent},
                                             {"access_denied", kPermanent},
                                             {"not_in_channel", kPermanent},
                                             {"restricted_action_read_only_channel", kPermanent},
                                             {"ratelimited", kRateLimited},
                                             {"rate_limited", kRateLimited},
                                             {"internal_error", kTransient},
                                             {"fatal_error", kTransient},
                                             {"service_unavailable", kTransient},
                                             {"team_added_to_org", kTransient},
                                             {"channel_not_found", kNotFound},
                                             {"user_not_found", kNotFound},
                                             {"invalid_blocks", kInvalid},
                                             {"no_text", kInvalid},
                                             {"msg_too_long", kInvalid},
                                             {"invalid_arg_name", kInvalid}}) {
    const auto answer = read_answer("x.y", refused(known.error));
    ASSERT_FALSE(answer.ok()) << known.error;
    EXPECT_EQ(answer.error().error_class, known.error_class) << known.error;
    EXPECT_EQ(answer.error().retry_after.has_value(), known.error_class == kRateLimited) << known.error;
  }
  const auto strange = read_answer("x.y", {200, {}, R"({"ok":false,"error":"<b>xoxb-1</b>"})"});
  EXPECT_EQ(strange.error().code, "slack.refused") << "an error is a word, never somebody's text";
}

TEST_F(SlackTest, StatusesThatAreNoAnswerAreClassified) {
  EXPECT_EQ(read_answer("x", {429, {{"Retry-After", "17"}}, "{}"}).error().retry_after, std::chrono::seconds(17));
  EXPECT_EQ(read_answer("x", {429, {}, ""}).error().retry_after, std::chrono::seconds(30));
  EXPECT_EQ(read_answer("x", {200, {}, "<html>"}).error().error_class, kTransient);
  EXPECT_EQ(read_answer("x", {200, {}, R"({"channels":[]})"}).error().error_class, kTransient) << "without ok";
  EXPECT_EQ(read_answer("x", {503, {}, R"({"ok":true})"}).error().error_class, kTransient);
  EXPECT_EQ(read_answer("x", {404, {}, ""}).error().error_class, kPermanent);
}

TEST_F(SlackTest, AMissingScopeIsNamed) {
  answer("users.list", {{"ok", false}, {"error", "missing_scope"}, {"needed", "users:read"}, {"provided", "commands"}});
  sdk::ListRequest request;
  request.resource = "users";
  EXPECT_THAT(connect()->list({}, request).error().message, HasSubstr("users:read"));
}

TEST_F(SlackTest, GetWithAJsonBodyIsIgnoredSoEveryCallIsAForm) {
  answer("conversations.history", messages({}));
  walk(*connect(), messages_request());
  ASSERT_GE(http().requests().size(), 3u);
  for (const auto& request : http().requests()) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_THAT(sdk::find_header(request.headers, "Content-Type").value_or(""),
                HasSubstr("application/x-www-form-urlencoded"));
    EXPECT_EQ(sdk::find_header(request.headers, "Authorization"), "Bearer test-botToken");
    EXPECT_EQ(request.limit_group, request.url.substr(request.url.rfind('/') + 1)) << "each method has its own limit";
  }
}

TEST_F(SlackTest, TsAsFloatWouldLoseDigits) {
  const auto time = time_of("1503435956.000247");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(time->time_since_epoch(), std::chrono::microseconds(1'503'435'956'000'247));
  EXPECT_EQ(timestamp_of(*time), "1503435956.000247");
  EXPECT_TRUE(is_earlier("999999999.999999", "1000000000.000000"));
  EXPECT_TRUE(is_earlier("1503435956.000247", "1503435956.000248"));
  for (const char* text : {"", "1503435956", "1503435956.0002", "1503435956.0002470", "-1.000000", "1e9.000000",
                           "150343595600.000247000", ".000000"})
    EXPECT_FALSE(time_of(text).has_value()) << text;
  const auto one = make_message_record(message("1503435956.000247", "a"), "C1", {}, std::nullopt);
  const auto two = make_message_record(message("1503435956.000248", "b"), "C1", {}, std::nullopt);
  EXPECT_EQ(one.external_id, "C1:1503435956.000247");
  EXPECT_NE(one.external_id, two.external_id);
}

TEST_F(SlackTest, AMessageTellsWhoSaidWhatWhenAndWhere) {
  const Self self{"T1", "UBOT", "BBOT", "AAPP"};
  auto given = message("1503435956.000247", "a &lt;b&gt; &amp;amp; <@U2>",
                       {{"thread_ts", "1503435900.000001"},
                        {"edited", json::object{{"user", "U1"}, {"ts", "1503435999.000000"}}},
                        {"reactions", json::array{json::object{{"name", "eyes"}, {"count", 1}, {"users", {"U2"}}}}}});
  const auto record = make_message_record(given, "C1", self, std::nullopt);
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.direction"), "inbound");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.text"), "a <b> &amp; <@U2>");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.thread"), "C1:1503435900.000001");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.sentAt"), "2017-08-22T21:05:56.000Z");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.serviceStatus"), "edited");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.reactions[0].name"), "eyes");
  EXPECT_EQ(sdk::string_at(record.data, "text"), "a &lt;b&gt; &amp;amp; <@U2>") << "nothing is left out";
  EXPECT_EQ(escaped_text("a <b> &amp;"), "a &lt;b&gt; &amp;amp;");
  for (json::object own : {json::object{{"bot_id", "BBOT"}}, json::object{{"app_id", "AAPP"}},
                           json::object{{"bot_profile", json::object{{"app_id", "AAPP"}}}}}) {
    const auto ours = make_message_record(message("1503435956.000247", "x", own), "C1", self, std::nullopt);
    EXPECT_EQ(sdk::string_at(ours.data, "patchbay.direction"), "outbound") << json::serialize(own);
  }
  EXPECT_TRUE(
      make_message_record(message("1503435956.000247", "", {{"subtype", "tombstone"}}), "C1", self, {}).deleted);
}

TEST_F(SlackTest, AFullListWalksEveryChannelTheAppIsIn) {
  answer_in_turn("conversations.history", {ok(messages({message("1700000002.000000", "b")}, "next")),
                                           ok(messages({}, "short")),  // an empty page is not the end
                                           ok(messages({message("1700000001.000000", "a")})),
                                           ok(messages({message("1700000003.000000", "c")}))});
  const auto page = walk(*connect(), messages_request());
  EXPECT_EQ(ids_of(page), (std::vector<std::string>{"C0000001:1700000002.000000", "C0000001:1700000001.000000",
                                                    "C0000002:1700000003.000000"}));
  const auto asked = calls("conversations.history");
  ASSERT_EQ(asked.size(), 4u);
  EXPECT_THAT(asked[0].body, AllOf(HasSubstr("channel=C0000001"), Not(HasSubstr("oldest")), HasSubstr("limit=100")));
  EXPECT_THAT(asked[1].body, HasSubstr("cursor=next"));
  EXPECT_THAT(asked[3].body, HasSubstr("channel=C0000002"));
  EXPECT_THAT(page.checkpoint, AllOf(HasSubstr("C0000001"), HasSubstr("C0000002"), Not(HasSubstr("C0000003"))));
}

TEST_F(SlackTest, OldestIsExclusiveAndEditsDoNotComeAgainSoARunReadsBack) {
  answer("conversations.history", messages({}));
  const auto client = connect({{"rereadHours", "24"}});
  const auto first = walk(*client, messages_request());
  host_.clock().advance(std::chrono::hours(5));
  http().when("POST", "/api/conversations.list", [](const sdk::HttpRequest&) {
    return ok({{"channels", json::array{json::object{{"id", "C0000001"}, {"is_member", true}},
                                        json::object{{"id", "C0000009"}, {"is_member", true}}}}});
  });
  walk(*client, messages_request(first.checkpoint));
  const auto asked = calls("conversations.history");
  ASSERT_EQ(asked.size(), 4u);
  // The first run was at 2026-01-01T00:00:00Z = 1767225600.
  EXPECT_THAT(asked[2].body, HasSubstr("oldest=1767139200.000000"));
  EXPECT_THAT(asked[3].body, AllOf(HasSubstr("channel=C0000009"), Not(HasSubstr("oldest"))))
      << "a channel that is new is read from its beginning";
}

TEST_F(SlackTest, HistoryOmitsRepliesSoThreadsAreReadToo) {
  answer_in_turn(
      "conversations.history",
      {ok(messages(
           {message("1700000009.000000", "lead",
                    {{"thread_ts", "1700000009.000000"}, {"reply_count", 2}, {"latest_reply", "1700000012.000000"}}),
            message("1700000005.000000", "broadcast", {{"thread_ts", "1700000001.000000"}})})),
       ok(messages({}))});
  answer_in_turn("conversations.replies",
                 {ok(messages({message("1700000009.000000", "lead"), message("1700000010.000000", "one")}, "more")),
                  ok(messages({message("1700000012.000000", "two")}))});
  const auto page = walk(*connect(), messages_request());
  EXPECT_EQ(ids_of(page), (std::vector<std::string>{"C0000001:1700000009.000000", "C0000001:1700000005.000000",
                                                    "C0000001:1700000010.000000", "C0000001:1700000012.000000"}));
  ASSERT_EQ(calls("conversations.replies").size(), 2u);
  EXPECT_THAT(calls("conversations.replies")[1].body, HasSubstr("cursor=more"));
}

TEST_F(SlackTest, AnAgedCursorStartsItsChannelAgain) {
  answer_in_turn(
      "conversations.history",
      {ok(messages({message("1700000002.000000", "b")}, "old")), refused("invalid_cursor"),
       ok(messages({message("1700000002.000000", "b"), message("1700000001.000000", "a")})), ok(messages({}))});
  const auto page = walk(*connect(), messages_request());
  EXPECT_EQ(page.records.size(), 3u);
  EXPECT_EQ(calls("conversations.history").size(), 4u);
}

TEST_F(SlackTest, AChannelThatClosesIsReadFromItsBeginningWhenItOpensAgain) {
  answer_in_turn("conversations.history", {refused("not_in_channel"), ok(messages({}))});
  const auto page = walk(*connect(), messages_request());
  EXPECT_THAT(page.checkpoint, AllOf(Not(HasSubstr("C0000001")), HasSubstr("C0000002")));
}

TEST_F(SlackTest, ARunThatIsTakenUpElsewhereGoesOnOrStartsAgain) {
  answer_in_turn("conversations.history", {ok(messages({}, "page2")), ok(messages({}))});
  auto request = messages_request();
  request.page_cursor = connect()->list({}, request)->next_cursor;
  ASSERT_TRUE(connect()->list({}, request).ok());
  EXPECT_THAT(calls("conversations.history").back().body, HasSubstr("cursor=page2"));
  // Now there is one more channel among those it had behind it.
  http().when("POST", "/api/conversations.list", [](const sdk::HttpRequest&) {
    return ok({{"channels", json::array{json::object{{"id", "C0000000"}, {"is_member", true}},
                                        json::object{{"id", "C0000001"}, {"is_member", true}}}}});
  });
  ASSERT_TRUE(connect()->list({}, request).ok());
  EXPECT_THAT(calls("conversations.history").back().body,
              AllOf(HasSubstr("channel=C0000000"), Not(HasSubstr("page2"))));
}

TEST_F(SlackTest, AMessageIsFoundInItsThreadAndAVanishedOneIsNot) {
  answer("conversations.history", messages({message("1700000001.000000", "an earlier one")}));
  answer_in_turn("conversations.replies",
                 {ok(messages({message("1700000000.000000", "lead"), message("1700000007.000000", "reply")})),
                  refused("thread_not_found")});
  const auto found = connect()->get({}, "messages", "C0000001:1700000007.000000");
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_EQ(sdk::string_at(found->data, "text"), "reply");
  EXPECT_THAT(calls("conversations.history")[0].body,
              AllOf(HasSubstr("latest=1700000007.000000"), HasSubstr("inclusive=true")));
  EXPECT_EQ(connect()->get({}, "messages", "C0000001:1700000008.000000").error().error_class, kNotFound);
}

TEST_F(SlackTest, AClosedChannelIsAskedForItsMessagesOnceAMinute) {
  answer("conversations.history", {{"ok", false}, {"error", "not_in_channel"}});
  const auto client = connect();
  for (const char* ts : {"1700000001.000000", "1700000002.000000"}) {
    EXPECT_EQ(client->get({}, "messages", "C0000001:" + std::string(ts)).error().error_class, kPermanent)
        << "it may be there still";
  }
  EXPECT_EQ(calls("conversations.history").size(), 1u);
  host_.clock().advance(std::chrono::minutes(2));
  EXPECT_FALSE(client->get({}, "messages", "C0000001:1700000001.000000").ok());
  EXPECT_EQ(calls("conversations.history").size(), 2u);
}

TEST_F(SlackTest, ThreeRefreshesRevokeSoAnExpiredTokenIsRenewedOnce) {
  answer_in_turn("auth.test", {refused("token_expired"), ok({{"team_id", "T1"}, {"team", "Acme"}})});
  ASSERT_TRUE(connect_by_oauth()->authenticate({}).ok());
  EXPECT_EQ(host_.tokens().renewals(), 1);
  EXPECT_EQ(sdk::find_header(http().last_request().headers, "Authorization"), "Bearer token-2");
  answer("auth.test", {{"ok", false}, {"error", "token_expired"}});
  EXPECT_EQ(connect_by_oauth()->authenticate({}).error().error_class, kAuth);
  EXPECT_EQ(host_.tokens().renewals(), 2) << "once for each call, never in a circle";
  answer("auth.test", {{"ok", false}, {"error", "invalid_auth"}});
  EXPECT_EQ(connect_by_oauth()->authenticate({}).error().error_class, kAuth);
  EXPECT_EQ(host_.tokens().renewals(), 2) << "a dead token is not helped by another";
}

TEST_F(SlackTest, RotationIsIrreversibleButNotEverywhere) {
  const auto oauth = plugin_->describe().oauth2;
  ASSERT_TRUE(oauth.has_value());
  EXPECT_FALSE(oauth->tokens_expire) << "without rotation an answer has no expires_in and the token stays";
  EXPECT_TRUE(oauth->rotates_refresh_token) << "with it a refresh token works once";
  EXPECT_EQ(oauth->success_member, "ok");
  EXPECT_EQ(oauth->scope_separator, ",");
}

TEST_F(SlackTest, AnInstallationForAnOrganisationIsTheOrganisations) {
  EXPECT_EQ(connect()->authenticate({})->account_id, "T1");
  answer("auth.test",
         {{"ok", true}, {"team", "Acme"}, {"team_id", "T1"}, {"enterprise_id", "E1"}, {"is_enterprise_install", true}});
  EXPECT_EQ(connect()->authenticate({})->account_id, "E1");
}

TEST_F(SlackTest, ChannelsAndPeopleAreListedByCursor) {
  answer("users.list", {{"ok", true},
                        {"members", json::array{json::object{{"id", "U1"}},
                                                json::object{{"id", "U2"}, {"deleted", true}}, json::object()}},
                        {"response_metadata", json::object{{"next_cursor", "dXNlcjpVMDYx="}}}});
  sdk::ListRequest request;
  request.resource = "users";
  const auto page = connect()->list({}, request);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->records.size(), 2u);
  EXPECT_TRUE(page->records[1].deleted);
  EXPECT_EQ(page->problems.size(), 1u);
  EXPECT_EQ(page->next_cursor, "dXNlcjpVMDYx=");
  request.page_cursor = page->next_cursor;
  ASSERT_TRUE(connect()->list({}, request).ok());
  EXPECT_THAT(http().last_request().body, HasSubstr("cursor=dXNlcjpVMDYx%3D"));
}

}  // namespace
}  // namespace patchbay::slack
