// Messages out, files and operations, against a scripted service.
#include "sender.hpp"
#include "slack_for_test.hpp"

namespace patchbay::slack {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using enum sdk::ErrorClass;

class SlackSending : public SlackTest {
 protected:
  SlackSending() {
    answer("chat.postMessage", {{"ok", true},
                                {"channel", "C0000001"},
                                {"ts", "1700000001.000000"},
                                {"message", message("1700000001.000000", "hello", {{"bot_id", "BBOT"}})}});
    answer("files.getUploadURLExternal",
           {{"ok", true}, {"upload_url", "https://files.slack.com/upload/v1/abc"}, {"file_id", "F1"}});
    answer("files.completeUploadExternal",
           {{"ok", true}, {"files", json::array{json::object{{"id", "F1"}, {"title", "plan"}}}}});
    http().when("POST", "https://files.slack.com/upload/v1/", [](const sdk::HttpRequest&) {
      return sdk::HttpResponse{200, {}, "OK - 5"};
    });
  }
  static sdk::OutgoingMessage outgoing(const std::string& to = "C0000001", const std::string& key = "key-1") {
    sdk::OutgoingMessage message;
    message.channel = "slack";
    message.to = {to};
    message.text = "a < b";
    message.idempotency_key = key;
    return message;
  }
  sdk::Result<json::value> operate(const std::string& name, const json::object& arguments) {
    return connect()->operate({}, name, arguments);
  }
};

TEST_F(SlackSending, PostsTextAndBlocksAndTellsWhereItStands) {
  auto wanted = outgoing();
  wanted.options["blocks"] = json::array{json::object{{"type", "divider"}}};
  const auto sent = connect()->send_message({}, wanted);
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  EXPECT_EQ(sent->external_id, "C0000001:1700000001.000000");
  EXPECT_EQ(sent->thread_id, "C0000001:1700000001.000000");
  EXPECT_EQ(sdk::string_at(sent->record->data, "patchbay.direction"), "outbound");
  const auto posted = calls("chat.postMessage").front();
  EXPECT_THAT(posted.body, AllOf(HasSubstr("text=a%20%26lt%3B%20b"),
                                 HasSubstr("blocks=%5B%7B%22type%22%3A%22divider%22"), HasSubstr("key-1")));
  EXPECT_FALSE(posted.retry_safe) << "a post is never repeated blindly";
}

TEST_F(SlackSending, AddressesAreChannelsNamesPeopleAndMail) {
  answer("users.lookupByEmail", {{"ok", true}, {"user", json::object{{"id", "U0000007"}}}});
  answer("conversations.open", {{"ok", true}, {"channel", json::object{{"id", "D0000001"}}}});
  const auto client = connect();
  int key = 0;
  for (const char* to : {"#work", "work", "ada@example.com", "U0000007"})
    ASSERT_TRUE(client->send_message({}, outgoing(to, "k" + std::to_string(++key))).ok()) << to;
  const auto posts = calls("chat.postMessage");
  EXPECT_THAT(posts[0].body, HasSubstr("channel=C0000002"));
  EXPECT_THAT(posts[1].body, HasSubstr("channel=C0000002"));
  EXPECT_THAT(posts[2].body, HasSubstr("channel=D0000001"));
  EXPECT_THAT(posts[3].body, HasSubstr("channel=D0000001"));
  EXPECT_EQ(calls("conversations.list").size(), 1u) << "names are looked up once";
  answer("users.lookupByEmail", {{"ok", false}, {"error", "users_not_found"}});
  for (const char* to : {"#nowhere", "nobody@example.com", "", "#"}) {
    const auto sent = client->send_message({}, outgoing(to, "no"));
    EXPECT_EQ(sent.error().error_class, kInvalid) << to;
    EXPECT_EQ(sent.error().field, "to") << to;
  }
}

TEST_F(SlackSending, WhatCannotBeSentIsToldBeforeAnythingIsAsked) {
  auto two = outgoing();
  two.to = {"C0000001", "C0000002"};
  auto nothing = outgoing();
  nothing.text.clear();
  auto blocks = outgoing();
  blocks.options["blocks"] = json::array(51, json::object());
  auto sizeable = outgoing();
  sizeable.text = std::string(10'001, '<');  // four characters each on the way
  for (const auto& message : {two, nothing, blocks, sizeable})
    EXPECT_EQ(connect()->send_message({}, message).error().error_class, kInvalid);
  EXPECT_TRUE(calls("chat.postMessage").empty());
  answer("chat.postMessage", {{"ok", false}, {"error", "not_in_channel"}});
  EXPECT_EQ(connect()->send_message({}, outgoing()).error().field, "to");
}

TEST_F(SlackSending, ThreadTsOfAReplyIsReplacedByItsParents) {
  answer("conversations.replies",
         messages({message("1700000005.000000", "reply", {{"thread_ts", "1700000004.000000"}})}));
  auto wanted = outgoing();
  wanted.thread_id = "C0000001:1700000005.000000";
  ASSERT_TRUE(connect()->send_message({}, wanted).ok());
  EXPECT_THAT(calls("chat.postMessage").front().body, HasSubstr("thread_ts=1700000004.000000"));
  answer("conversations.replies", {{"ok", false}, {"error", "thread_not_found"}});
  wanted.idempotency_key = "key-2";
  EXPECT_EQ(connect()->send_message({}, wanted).error().error_class, kInvalid);
}

TEST_F(SlackSending, APostWhoseAnswerIsLostIsFoundAgain) {
  http().when("POST", "/api/chat.postMessage", [](const sdk::HttpRequest&) -> sdk::Result<sdk::HttpResponse> {
    return sdk::transient_error("http.reset", "reset");
  });
  const json::object metadata{{"event_type", kMetadataType}, {"event_payload", json::object{{"key", "key-1"}}}};
  answer("conversations.history", messages({message("1700000002.000000", "another"),
                                            message("1700000001.000000", "hello", {{"metadata", metadata}})}));
  const auto sent = connect()->send_message({}, outgoing());
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  EXPECT_EQ(sent->external_id, "C0000001:1700000001.000000");
  EXPECT_EQ(calls("chat.postMessage").size(), 1u);
}

TEST_F(SlackSending, TheSameKeyPostsOnce) {
  ASSERT_TRUE(connect()->send_message({}, outgoing()).ok());
  const json::object metadata{{"event_type", kMetadataType}, {"event_payload", json::object{{"key", "key-1"}}}};
  answer("conversations.history", messages({message("1700000001.000000", "hello", {{"metadata", metadata}})}));
  const auto again = connect()->send_message({}, outgoing());
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->external_id, "C0000001:1700000001.000000");
  EXPECT_EQ(calls("chat.postMessage").size(), 1u);
  EXPECT_THAT(calls("conversations.history").front().body, HasSubstr("include_all_metadata=true"));
  // It never arrived: then it is posted now.
  answer("conversations.history", messages({}));
  ASSERT_TRUE(connect()->send_message({}, outgoing()).ok());
  EXPECT_EQ(calls("chat.postMessage").size(), 2u);
}

TEST_F(SlackSending, ARefusedPostIsNoSuchCase) {
  answer("chat.postMessage", {{"ok", false}, {"error", "invalid_blocks"}});
  EXPECT_EQ(connect()->send_message({}, outgoing()).error().error_class, kInvalid);
  EXPECT_TRUE(calls("conversations.history").empty()) << "what was refused need not be looked for";
}

TEST_F(SlackSending, Step2OfAnUploadHasNoOkAndGetsNoToken) {
  const auto uploaded = operate("upload_file", {{"channel", "#work"},
                                                {"name", "plan.txt"},
                                                {"content", sdk::base64_encode("bytes")},
                                                {"title", "plan"},
                                                {"comment", "see"}});
  ASSERT_TRUE(uploaded.ok()) << uploaded.error().message;
  EXPECT_EQ(sdk::string_at(*uploaded, "fileId"), "F1");
  EXPECT_THAT(calls("files.getUploadURLExternal").front().body,
              AllOf(HasSubstr("length=5"), HasSubstr("filename=plan.txt")));
  for (const auto& request : http().requests()) {
    if (request.url.find("/upload/v1/") == std::string::npos) continue;
    EXPECT_EQ(request.body, "bytes");
    EXPECT_FALSE(sdk::find_header(request.headers, "Authorization").has_value());
  }
  EXPECT_THAT(calls("files.completeUploadExternal").front().body,
              AllOf(HasSubstr("channel_id=C0000002"), HasSubstr("initial_comment=see"), HasSubstr("F1")));
  http().when("POST", "https://files.slack.com/upload/v1/", [](const sdk::HttpRequest&) {
    return sdk::HttpResponse{500, {}, "no"};
  });
  EXPECT_EQ(operate("upload_file", {{"channel", "#work"}, {"name", "a"}, {"content", "YQ=="}}).error().error_class,
            kTransient);
  EXPECT_EQ(calls("files.completeUploadExternal").size(), 1u) << "bytes that did not arrive are not shared";
}

TEST_F(SlackSending, BytesGoToSlackOnly) {
  for (const char* url :
       {"https://evil.example/upload", "http://files.slack.com/upload", "https://files.slack.com.evil.example/",
        "https://files.slack.com@evil.example/", "https://evilslack.com/x", "file:///etc/passwd", ""}) {
    answer("files.getUploadURLExternal", {{"ok", true}, {"upload_url", url}, {"file_id", "F1"}});
    const std::size_t before = http().requests().size();
    EXPECT_FALSE(operate("upload_file", {{"channel", "C0000001"}, {"name", "a"}, {"content", "YQ=="}}).ok()) << url;
    for (std::size_t at = before; at < http().requests().size(); ++at)
      EXPECT_THAT(http().requests()[at].url, HasSubstr("https://slack.com/api/"));
  }
  EXPECT_EQ(operate("upload_file", {{"channel", "C0000001"}, {"name", "a"}, {"content", ""}}).error().error_class,
            kInvalid);
}

TEST_F(SlackSending, AttachmentsHangOnTheMessage) {
  auto wanted = outgoing();
  wanted.attachments = {{"a.txt", "text/plain", "A"}, {"b.txt", "text/plain", "B"}};
  ASSERT_TRUE(connect()->send_message({}, wanted).ok());
  ASSERT_EQ(calls("files.completeUploadExternal").size(), 1u) << "both at once, so that none is shared twice";
  EXPECT_THAT(calls("files.completeUploadExternal").front().body, HasSubstr("thread_ts=1700000001.000000"));
}

TEST_F(SlackSending, HistoryAndThreadsAreReadInOrder) {
  answer("conversations.history",
         messages({message("1700000002.000000", "two"), message("1700000001.000000", "one")}, "more"));
  const auto history = operate("history", {{"channel", "#general"}, {"limit", 2}});
  ASSERT_TRUE(history.ok()) << history.error().message;
  EXPECT_EQ(sdk::string_at(*history, "messages[0].text"), "one");
  EXPECT_EQ(history->at("hasMore"), true);
  EXPECT_THAT(calls("conversations.history").front().body, HasSubstr("limit=2"));
  answer("conversations.replies",
         messages({message("1700000001.000000", "one"), message("1700000003.000000", "reply")}));
  const auto thread = operate("thread", {{"channel", "C0000001"}, {"threadTs", "1700000001.000000"}});
  ASSERT_TRUE(thread.ok()) << thread.error().message;
  EXPECT_EQ(sdk::string_at(*thread, "messages[1].text"), "reply");
  EXPECT_EQ(operate("thread", {{"channel", "C0000001"}, {"threadTs", "17"}}).error().field, "threadTs");
}

TEST_F(SlackSending, WhatIsDoneAlreadyIsASuccess) {
  answer("reactions.add", {{"ok", false}, {"error", "already_reacted"}});
  answer("reactions.remove", {{"ok", false}, {"error", "no_reaction"}});
  answer("chat.delete", {{"ok", false}, {"error", "message_not_found"}});
  answer("chat.update", {{"ok", false}, {"error", "message_not_found"}});
  const json::object which{{"channel", "C0000001"}, {"ts", "1700000001.000000"}, {"name", ":eyes:"}, {"text", "new"}};
  EXPECT_TRUE(operate("add_reaction", which).ok());
  EXPECT_THAT(calls("reactions.add").front().body, HasSubstr("name=eyes"));
  EXPECT_TRUE(operate("remove_reaction", which).ok());
  EXPECT_TRUE(operate("delete_message", which).ok());
  EXPECT_EQ(operate("update_message", which).error().error_class, kNotFound);
}

}  // namespace
}  // namespace patchbay::slack
