#include "platform/base/digest.hpp"
#include "tests/sandbox/sandbox_for_test.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <set>

namespace patchbay::sandbox {
namespace {

constexpr const char* kForm = "application/x-www-form-urlencoded";

class SlackTest : public testing::Test {
 protected:
  http::Response send(const std::string& method, const std::vector<std::pair<std::string, std::string>>& fields,
                      const std::string& token = std::string(slack::kBotToken)) {
    return sandbox.call("POST", "/slack/api/" + method, sdk::form_encode(fields),
                        {{"Authorization", "Bearer " + token}, {"Content-Type", kForm}});
  }
  json::value call(const std::string& method, const std::vector<std::pair<std::string, std::string>>& fields) {
    const auto response = send(method, fields);
    EXPECT_EQ(response.status, 200) << "even an error is 200";
    auto body = SandboxForTest::parsed(response);
    EXPECT_EQ(body.at("ok"), true) << method << ": " << response.body;
    return body;
  }
  std::string error_of(const http::Response& response) {
    const auto body = SandboxForTest::parsed(response);
    EXPECT_EQ(body.at("ok"), false) << response.body;
    return sdk::string_at(body, "error");
  }
  json::value control(const std::string& method, const std::string& path, const json::object& body) {
    const auto response = sandbox.call(method, "/_sandbox/slack/" + path, to_wire(body));
    EXPECT_EQ(response.status, 200) << response.body;
    return SandboxForTest::parsed(response).at("data");
  }
  std::string channel(const std::string& name) {
    for (const auto& known : list_of(SandboxForTest::parsed(sandbox.call("GET", "/_sandbox/truth/slack/channels")))) {
      if (sdk::string_at(known, "name") == name) return sdk::string_at(known, "id");
    }
    ADD_FAILURE() << "no channel " << name;
    return {};
  }
  /// Every message of a list, page by page.
  std::vector<std::string> walk(const std::string& method, std::vector<std::pair<std::string, std::string>> fields) {
    std::vector<std::string> found;
    fields.emplace_back("cursor", "");
    for (int pages = 0; pages < 1000; ++pages) {
      const auto page = call(method, fields);
      for (const auto& message : page.at("messages").as_array()) found.push_back(sdk::string_at(message, "ts"));
      fields.back().second = sdk::string_at(page, "response_metadata.next_cursor");
      if (fields.back().second.empty()) return found;
    }
    return found;
  }
  /// The inner event of a delivery, whose signature is right.
  json::value event(const std::string& type, const std::string& subtype = "") {
    const auto sent = sandbox.inbox.wait_for([&](const sdk::HttpRequest& request) {
      const auto body = sdk::parse_json(request.body);
      return body.ok() && sdk::string_at(*body, "event.type") == type &&
             sdk::string_at(*body, "event.subtype") == subtype;
    });
    if (!sent) {
      ADD_FAILURE() << "no " << type << " " << subtype;
      return {};
    }
    EXPECT_TRUE(is_signed(*sent));
    return sdk::parse_json(sent->body).value().at("event");
  }
  static bool is_signed(const sdk::HttpRequest& request) {
    const auto time = sdk::find_header(request.headers, "X-Slack-Request-Timestamp").value_or("");
    const auto expected = "v0=" + sdk::hex_encode(base::hmac_sha256("signing", "v0:" + time + ":" + request.body));
    return sdk::find_header(request.headers, "X-Slack-Signature") == expected;
  }
  SandboxForTest sandbox;
};

TEST_F(SlackTest, AsksForATokenAndNamesWhatIsWrongWithOne) {
  EXPECT_EQ(error_of(sandbox.call("POST", "/slack/api/auth.test")), "not_authed");
  EXPECT_EQ(error_of(send("auth.test", {}, "xoxb-other")), "invalid_auth");
  EXPECT_EQ(error_of(sandbox.call("POST", "/slack/api/auth.test", "", {{"Authorization", "bearer xoxb-sandbox"}})),
            "not_authed")
      << "the word is case-sensitive";
  EXPECT_EQ(sdk::string_at(call("auth.test", {}), "team_id"), slack::kTeamId);
  EXPECT_EQ(error_of(send("no.such", {})), "unknown_method");
  call("auth.revoke", {});
  EXPECT_EQ(error_of(send("auth.test", {})), "token_revoked");
  EXPECT_EQ(event("tokens_revoked").at("tokens").at("bot").as_array().size(), 1u);
}

TEST_F(SlackTest, HistoryIsNewestFirstAndWithoutAnswersInThreads) {
  const auto id = channel("general");
  const auto ids = walk("conversations.history", {{"channel", id}, {"limit", "3"}});
  EXPECT_GT(ids.size(), 6u);
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  std::size_t answers = 0;
  for (const auto& message : list_of(SandboxForTest::parsed(sandbox.call("GET", "/_sandbox/truth/slack/messages")))) {
    const auto thread = sdk::string_at(message, "thread_ts");
    const bool answer = !thread.empty() && thread != sdk::string_at(message, "ts");
    if (answer && sdk::string_at(message, "subtype") != "thread_broadcast" &&
        sdk::string_at(message, "channel") == id) {
      ++answers;
      EXPECT_EQ(std::count(ids.begin(), ids.end(), sdk::string_at(message, "ts")), 0);
    }
  }
  EXPECT_GT(answers, 0u) << "there are threads to leave out";
  const auto& middle = ids[ids.size() / 2];
  const auto newer = walk("conversations.history", {{"channel", id}, {"oldest", middle}});
  EXPECT_EQ(newer.size(), ids.size() / 2) << "oldest is exclusive";
  EXPECT_EQ(walk("conversations.history", {{"channel", id}, {"oldest", middle}, {"inclusive", "true"}}).size(),
            ids.size() / 2 + 1);
  EXPECT_EQ(walk("conversations.history", {{"channel", id}, {"latest", middle}, {"inclusive", "true"}, {"limit", "1"}})
                .front(),
            middle);
  EXPECT_EQ(error_of(send("conversations.history", {{"channel", id}, {"cursor", "rubbish"}})), "invalid_cursor");
}

TEST_F(SlackTest, ChannelsAreReadByTheirMembersOnly) {
  EXPECT_EQ(error_of(send("conversations.history", {{"channel", channel("random")}})), "not_in_channel");
  EXPECT_EQ(error_of(send("conversations.history", {{"channel", channel("owners")}})), "channel_not_found");
  call("conversations.join", {{"channel", channel("random")}});
  call("conversations.history", {{"channel", channel("random")}});
  EXPECT_EQ(sdk::string_at(event("member_joined_channel"), "user"), slack::kBotUserId);
  EXPECT_EQ(error_of(send("conversations.join", {{"channel", channel("old-project")}})), "is_archived");
  const auto by_default = call("conversations.list", {{"limit", "100"}}).at("channels").as_array().size();
  const auto all =
      call("conversations.list", {{"types", "public_channel,private_channel,im"}}).at("channels").as_array().size();
  EXPECT_EQ(all, by_default + 1) << "private ones only where they are asked for, and only with the bot in them";
}

TEST_F(SlackTest, AThreadKeepsItsCountsAndAnswersByAnyOfItsMessages) {
  const auto id = channel("dispatch");
  const auto root = sdk::string_at(call("chat.postMessage", {{"channel", "#dispatch"}, {"text", "lead"}}), "ts");
  const auto one =
      sdk::string_at(call("chat.postMessage", {{"channel", id}, {"text", "one"}, {"thread_ts", root}}), "ts");
  call("chat.postMessage", {{"channel", id}, {"text", "two"}, {"thread_ts", root}});
  for (const auto& ts : {root, one}) {
    const auto messages = call("conversations.replies", {{"channel", id}, {"ts", ts}}).at("messages").as_array();
    ASSERT_EQ(messages.size(), 3u);
    EXPECT_EQ(sdk::string_at(messages[0], "ts"), root) << "oldest first, the parent among them";
    EXPECT_EQ(messages[0].at("reply_count"), 2);
  }
  EXPECT_EQ(walk("conversations.replies", {{"channel", id}, {"ts", root}, {"limit", "1"}}).size(), 3u);
  EXPECT_EQ(error_of(send("conversations.replies", {{"channel", id}, {"ts", "1.000000"}})), "thread_not_found");
  call("chat.postMessage", {{"channel", id}, {"text", "lost"}, {"thread_ts", one}});
  EXPECT_EQ(call("conversations.replies", {{"channel", id}, {"ts", root}}).at("messages").as_array().size(), 3u)
      << "what hangs on an answer shows nowhere";
}

TEST_F(SlackTest, MessagesAreCheckedKeptChangedAndDeleted) {
  const auto id = channel("general");
  EXPECT_EQ(error_of(send("chat.postMessage", {{"channel", id}})), "no_text");
  EXPECT_EQ(error_of(send("chat.postMessage", {{"channel", "C0NOWHERE"}, {"text", "x"}})), "channel_not_found");
  EXPECT_EQ(error_of(send("chat.postMessage", {{"channel", id}, {"blocks", "{"}})), "invalid_blocks_format");
  EXPECT_EQ(error_of(send("chat.postMessage", {{"channel", id}, {"blocks", "[{}]"}})), "invalid_blocks");
  const auto posted =
      call("chat.postMessage",
           {{"channel", id}, {"text", "secret"}, {"metadata", R"({"event_type":"t","event_payload":{"key":"k"}})"}});
  const auto ts = sdk::string_at(posted, "ts");
  EXPECT_EQ(sdk::string_at(event("message"), "ts"), ts);
  const std::vector<std::pair<std::string, std::string>> one{
      {"channel", id}, {"latest", ts}, {"inclusive", "1"}, {"limit", "1"}};
  const auto without = call("conversations.history", one);
  EXPECT_EQ(sdk::find_path(without, "messages[0].metadata"), nullptr);
  auto with_metadata = one;
  with_metadata.emplace_back("include_all_metadata", "true");
  EXPECT_EQ(sdk::string_at(call("conversations.history", with_metadata), "messages[0].metadata.event_payload.key"),
            "k");
  call("chat.update", {{"channel", id}, {"ts", ts}, {"text", "public"}});
  EXPECT_EQ(sdk::string_at(event("message", "message_changed"), "message.text"), "public");
  call("chat.delete", {{"channel", id}, {"ts", ts}});
  EXPECT_EQ(sdk::string_at(event("message", "message_deleted"), "deleted_ts"), ts);
  EXPECT_EQ(error_of(send("chat.delete", {{"channel", id}, {"ts", ts}})), "message_not_found");
  EXPECT_EQ(call("chat.postMessage", {{"channel", id}, {"text", std::string(40'001, 'x')}}).at("warning"),
            "message_truncated");
}

TEST_F(SlackTest, ReactionsAreAddedOnce) {
  const auto id = channel("general");
  const auto ts = sdk::string_at(call("chat.postMessage", {{"channel", id}, {"text", "x"}}), "ts");
  const std::vector<std::pair<std::string, std::string>> eyes{{"channel", id}, {"timestamp", ts}, {"name", "eyes"}};
  call("reactions.add", eyes);
  EXPECT_EQ(sdk::string_at(event("reaction_added"), "item.ts"), ts);
  EXPECT_EQ(error_of(send("reactions.add", eyes)), "already_reacted");
  control("PATCH", "messages/" + id + ":" + ts, {{"react", "eyes"}, {"user", "U7"}});
  EXPECT_EQ(call("reactions.get", eyes).at("message").at("reactions").at(0).at("count"), 2);
  call("reactions.remove", eyes);
  EXPECT_EQ(error_of(send("reactions.remove", eyes)), "no_reaction");
}

TEST_F(SlackTest, AnUploadTakesThreeStepsAndTheRightLength) {
  EXPECT_EQ(error_of(send("files.getUploadURLExternal", {{"filename", "a.txt"}, {"length", "0"}})), "missing_argument");
  const auto place = call("files.getUploadURLExternal", {{"filename", "a.txt"}, {"length", "5"}});
  const auto id = sdk::string_at(place, "file_id");
  const auto files = R"([{"id":")" + id + R"(","title":"A"}])";
  EXPECT_EQ(error_of(send("files.completeUploadExternal", {{"files", files}})), "file_not_found")
      << "without its bytes";
  const auto url = sdk::string_at(place, "upload_url");
  const auto path = url.substr(url.find("/slack/"));
  EXPECT_EQ(sandbox.call("POST", path, "four").status, 400);
  const auto taken = sandbox.call("POST", path, "bytes");
  EXPECT_EQ(taken.status, 200);
  EXPECT_FALSE(sdk::parse_json(taken.body).ok()) << "plain text";
  call("files.completeUploadExternal",
       {{"files", files}, {"channel_id", channel("general")}, {"initial_comment", "see"}});
  EXPECT_EQ(sdk::string_at(event("message", "file_share"), "files[0].id"), id);
  EXPECT_EQ(sdk::string_at(call("files.info", {{"file", id}}), "file.title"), "A");
}

TEST_F(SlackTest, JsonIsIgnoredWhereAMethodTakesNone) {
  const sdk::Headers headers{{"Authorization", "Bearer xoxb-sandbox"}, {"Content-Type", "application/json"}};
  const auto user =
      sdk::string_at(list_of(SandboxForTest::parsed(sandbox.call("GET", "/_sandbox/truth/slack/users"))).at(0), "id");
  EXPECT_EQ(error_of(sandbox.call("POST", "/slack/api/users.info", R"({"user":")" + user + "\"}", headers)),
            "user_not_found");
  EXPECT_EQ(sandbox.call("GET", "/slack/api/users.info?user=" + user, "", headers).body.find("\"ok\":true"), 1u);
  EXPECT_EQ(error_of(sandbox.call("POST", "/slack/api/chat.postMessage", R"({"channel":"#general"})", headers)),
            "no_text");
}

TEST_F(SlackTest, CallsOverATierAreCountedAndRefusedWhereItIsEnforced) {
  sandbox.call("POST", "/_sandbox/limits", R"({"slack":{"enforced":true}})");
  for (int i = 0; i < 20; ++i) call("users.list", {{"limit", "1"}});
  const auto refused = send("users.list", {{"limit", "1"}});
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("Retry-After"), "60");
  call("users.info", {{"user", std::string(slack::kBotUserId)}});  // each method has its own
  sandbox.clock.advance(std::chrono::seconds(61));
  call("users.list", {{"limit", "1"}});
  for (int i = 0; i < 5; ++i) call("chat.postMessage", {{"channel", "#general"}, {"text", "x"}});
  EXPECT_EQ(send("chat.postMessage", {{"channel", "#general"}, {"text", "x"}}).status, 429);
  const auto limits = SandboxForTest::parsed(sandbox.call("GET", "/_sandbox/limits"));
  EXPECT_EQ(limits.at("data").at("slack").at("overLimit"), 2);
}

TEST_F(SlackTest, AnAppOutsideTheMarketplaceReads15MessagesAMinute) {
  sandbox.call("POST", "/_sandbox/limits", R"({"slack":{"enforced":true,"unlisted":true}})");
  EXPECT_LE(call("conversations.history", {{"channel", channel("general")}, {"limit", "200"}})
                .at("messages")
                .as_array()
                .size(),
            15u);
  EXPECT_EQ(send("conversations.history", {{"channel", channel("general")}}).status, 429);
}

TEST_F(SlackTest, TokensRotateOnlyWhereThatIsOnAndTwoAreActive) {
  const auto code = [&] {
    const auto back = sandbox.call(
        "GET",
        "/slack/oauth/v2/authorize?client_id=client&scope=chat:write&state=s&auto=approve&redirect_uri=http://x/cb");
    const std::string location(back.header("Location").value_or(""));
    const auto from = location.find("code=") + 5;
    return location.substr(from, location.find('&', from) - from);
  };
  const auto access = [&](const std::string& fields) {
    return SandboxForTest::parsed(
        sandbox.call("POST", "/slack/api/oauth.v2.access", fields,
                     {{"Content-Type", kForm}, {"Authorization", "Basic " + sdk::base64_encode("client:secret")}}));
  };
  const auto first_code = code();
  const auto plain = access("code=" + first_code + "&redirect_uri=http://x/cb");
  EXPECT_EQ(plain.at("ok"), true);
  EXPECT_FALSE(plain.as_object().contains("expires_in"));
  EXPECT_EQ(sdk::string_at(plain, "token_type"), "bot");
  EXPECT_TRUE(sdk::string_at(plain, "authed_user.access_token").starts_with("xoxp-")) << "the person's is nested";
  EXPECT_EQ(sdk::string_at(access("code=" + first_code + "&redirect_uri=http://x/cb"), "error"), "code_already_used");
  EXPECT_EQ(sdk::string_at(access("code=" + code() + "&redirect_uri=http://y/cb"), "error"), "bad_redirect_uri");
  EXPECT_EQ(error_of(send("users.list", {}, sdk::string_at(plain, "access_token"))), "missing_scope");

  sandbox.call("POST", "/_sandbox/limits", R"({"slack":{"rotation":true}})");
  auto rotating = access("code=" + code() + "&redirect_uri=http://x/cb");
  EXPECT_EQ(rotating.at("expires_in"), 43'200);
  const auto oldest = sdk::string_at(rotating, "access_token");
  const auto used = sdk::string_at(rotating, "refresh_token");
  for (int i = 0; i < 2; ++i) {
    rotating = access("grant_type=refresh_token&refresh_token=" + sdk::string_at(rotating, "refresh_token"));
    ASSERT_EQ(rotating.at("ok"), true);
  }
  EXPECT_EQ(error_of(send("auth.test", {}, oldest)), "token_revoked") << "a third token ends the first";
  EXPECT_EQ(sdk::string_at(access("grant_type=refresh_token&refresh_token=" + used), "error"), "invalid_refresh_token");
  sandbox.clock.advance(std::chrono::hours(13));
  EXPECT_EQ(error_of(send("auth.test", {}, sdk::string_at(rotating, "access_token"))), "token_expired");
}

TEST_F(SlackTest, CommandsAndInteractionsAreSignedForms) {
  control("POST", "commands", {{"text", "jobs today"}, {"user", "U1"}});
  control("POST", "interactions", {{"action", "approve"}});
  const auto command = sandbox.inbox.wait_for(
      [](const auto& request) { return request.body.find("command=%2Fpatchbay") != std::string::npos; });
  ASSERT_TRUE(command);
  EXPECT_TRUE(is_signed(*command));
  EXPECT_EQ(sdk::find_header(command->headers, "Content-Type"), kForm);
  EXPECT_NE(command->body.find("text=jobs%20today"), std::string::npos);
  ASSERT_TRUE(sandbox.inbox.wait_for([](const auto& request) { return request.body.starts_with("payload=%7B"); }));
}

TEST_F(SlackTest, AMentionIsSaidTwiceAndARetrySaysSo) {
  sandbox.inbox.failures = 1;
  control("POST", "messages", {{"channel", "general"}, {"user", "U1"}, {"text", "<@U0SANDBOXBOT> help"}});
  EXPECT_EQ(sdk::string_at(event("app_mention"), "text"), "<@U0SANDBOXBOT> help");
  EXPECT_EQ(sdk::string_at(event("message"), "text"), "<@U0SANDBOXBOT> help");
  const auto again = sandbox.inbox.wait_for(
      [](const auto& request) { return sdk::find_header(request.headers, "X-Slack-Retry-Num") == "1"; });
  EXPECT_TRUE(again) << "the first try was answered 500";
  EXPECT_TRUE(again && is_signed(*again));
}

TEST_F(SlackTest, FaultsAreSlacksOwn) {
  for (const auto& [kind, error] : std::vector<std::pair<std::string, std::string>>{
           {"expired_token", "token_expired"}, {"forbidden", "missing_scope"}, {"lock_timeout", "internal_error"}}) {
    sandbox.call("POST", "/_sandbox/faults", R"({"service":"slack","count":1,"kind":")" + kind + "\"}");
    EXPECT_EQ(error_of(send("auth.test", {})), error);
  }
  sandbox.call("POST", "/_sandbox/faults", R"({"service":"slack","count":1,"kind":"rate_limit"})");
  EXPECT_EQ(send("auth.test", {}).status, 429);
  sandbox.call("POST", "/_sandbox/faults", R"({"service":"slack","count":1,"kind":"server_error"})");
  EXPECT_EQ(send("auth.test", {}).status, 500);
}

}  // namespace
}  // namespace patchbay::sandbox
