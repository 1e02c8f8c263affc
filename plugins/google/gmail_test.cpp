#include "gmail.hpp"

#include "google_test_fixture.hpp"

namespace patchbay::google {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class GmailTest : public GoogleTest {
 protected:
  static json::object message(const char* id, json::array labels = {"INBOX", "UNREAD"}) {
    return {
        {"id", id},
        {"threadId", "t1"},
        {"labelIds", std::move(labels)},
        {"historyId", "77"},
        {"internalDate", "1763728000000"},
        {"payload",
         {{"mimeType", "multipart/mixed"},
          {"headers", json::array{json::object{{"name", "FROM"}, {"value", "=?UTF-8?B?Wm/Dqw==?= <zoe@example.com>"}},
                                  json::object{{"name", "To"}, {"value", "me@example.com"}},
                                  json::object{{"name", "subject"}, {"value", "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?="}}}},
          {"parts",
           json::array{json::object{{"mimeType", "multipart/alternative"},
                                    {"parts", json::array{json::object{{"mimeType", "text/plain"},
                                                                       {"body", {{"data", "SGkgfiDCvz8gw7w"}}}},
                                                          json::object{{"mimeType", "text/html"},
                                                                       {"body", {{"data", "PHA-"}}}}}}},
                       json::object{{"partId", "2"},
                                    {"mimeType", "application/pdf"},
                                    {"filename", "a.pdf"},
                                    {"body", {{"attachmentId", "att"}, {"size", 9}}}}}}}}};
  }
  void answer_messages() {
    http().when("GET", "/messages/", [](const sdk::HttpRequest& request) {
      const std::string path = request.url.substr(0, request.url.find('?'));
      return sdk::HttpResponse{200, {}, json::serialize(message(path.substr(path.rfind('/') + 1).c_str()))};
    });
  }
  static sdk::OutgoingMessage mail() {
    sdk::OutgoingMessage message;
    message.channel = "email";
    message.to = {"you@example.com"};
    message.subject = "Hi";
    message.text = "Hello";
    return message;
  }
  std::string sent_mail() { return *sdk::base64_decode(sdk::string_at(last_body(), "raw")); }
};

TEST_F(GmailTest, TheBaselineIsTakenBeforeTheFirstMessageIsListed) {
  http().reply_json({{"emailAddress", "me@example.com"}, {"historyId", "100"}});
  http().reply_json({{"messages", json::array{json::object{{"id", "m1"}}}}, {"nextPageToken", "p2"}});
  http().reply_json(message("m1"));
  http().reply_json(json::object{{"resultSizeEstimate", 1}});  // `messages` is left out where there are none
  auto request = list_of("messages");
  const auto first = client().list({}, request);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->records.size(), 1u);
  EXPECT_THAT(url(0), HasSubstr("/profile"));
  request.page_cursor = first->next_cursor;
  const auto last = client().list({}, request);
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->checkpoint, "100");
  EXPECT_THAT(last_url(), HasSubstr("pageToken=p2"));
}

TEST_F(GmailTest, AMessageIsReadWithItsHeadersDecodedAndUnpaddedBody) {
  const auto record = make_message_record(message("m1"));
  EXPECT_EQ(record.version, "77");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.from"), "Zoë <zoe@example.com>");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.subject"), "Grüße");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.text"), "Hi ~ ¿? ü");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.html"), "<p>");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.sentAt"), "2025-11-21T12:26:40.000Z") << "int64 comes as a text";
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.direction"), "inbound");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.status"), "received");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.correspondent"), "zoe@example.com");
  EXPECT_EQ(sdk::string_at(record.data, "patchbay.attachments[0].filename"), "a.pdf");
  const auto sent = make_message_record(message("m2", {"SENT"}));
  EXPECT_EQ(sdk::string_at(sent.data, "patchbay.direction"), "outbound");
  EXPECT_EQ(sdk::string_at(sent.data, "patchbay.correspondent"), "me@example.com");
  EXPECT_EQ(sdk::string_at(make_message_record(message("m3", {"INBOX"})).data, "patchbay.status"), "read");
}

TEST_F(GmailTest, ABinnedMessageIsDeletedAndADraftNotListed) {
  EXPECT_TRUE(make_message_record(message("m1", {"TRASH"})).deleted);
  EXPECT_TRUE(make_message_record(message("m1", {"SPAM"})).deleted);
  http().reply_json({{"historyId", "9"}});
  http().reply_json({{"messages", json::array{json::object{{"id", "m1"}}}}});
  http().reply_json(message("m1", {"DRAFT"}));
  EXPECT_TRUE(client().list({}, list_of("messages"))->records.empty());
}

TEST_F(GmailTest, TheHistoryTellsIdsThatAreReadAnew) {
  answer_messages();
  http().reply_json(
      {{"history",
        json::array{json::object{{"messagesAdded", json::array{json::object{{"message", {{"id", "m1"}}}}}}},
                    json::object{{"labelsRemoved", json::array{json::object{{"message", {{"id", "m1"}}}}}},
                                 {"labelsAdded", json::array{json::object{{"message", {{"id", "m3"}}}}}}},
                    json::object{{"messagesDeleted", json::array{json::object{{"message", {{"id", "m2"}}}},
                                                                 json::object{{"message", {{"id", "m3"}}}}}}}}},
       {"historyId", "120"}});
  const auto page = client().list({}, list_of("messages", "100"));
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->records.size(), 3u);
  EXPECT_EQ(page->checkpoint, "120");
  EXPECT_TRUE(page->records[0].deleted);
  EXPECT_EQ(page->records[2].external_id, "m1");
  EXPECT_FALSE(page->records[2].deleted);
  EXPECT_THAT(url(0), HasSubstr("startHistoryId=100"));
  EXPECT_EQ(http().requests().size(), 2u) << "m1 is read once";
}

TEST_F(GmailTest, WithoutTheMemberHistoryNothingHasChanged) {
  http().reply_json({{"historyId", "100"}});
  const auto page = client().list({}, list_of("messages", "100"));
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->records.empty());
  EXPECT_EQ(page->checkpoint, "100");
}

TEST_F(GmailTest, AForgottenHistoryStartsTheWholeListAnew) {
  http().reply_json(failure(404, "notFound"), 404);
  http().reply_json({{"historyId", "500"}});
  http().reply_json(json::object{{"resultSizeEstimate", 0}});
  const auto page = client().list({}, list_of("messages", "1"));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->checkpoint, "500");
}

TEST_F(GmailTest, AMessageThatIsGoneMeanwhileIsADeletion) {
  http().reply_json({{"history", json::array{json::object{
                                     {"messagesAdded", json::array{json::object{{"message", {{"id", "m1"}}}}}}}}},
                     {"historyId", "2"}});
  http().reply_json(failure(404, "notFound"), 404);
  const auto page = client().list({}, list_of("messages", "1"));
  ASSERT_TRUE(page.ok());
  EXPECT_TRUE(page->records.at(0).deleted);
}

TEST_F(GmailTest, AMailIsSentAsBase64UrlWithoutPadding) {
  http().reply_json({{"id", "s1"}, {"threadId", "t9"}, {"labelIds", json::array{"SENT"}}});
  const auto sent = client().send_message({}, mail());
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->external_id, "s1");
  EXPECT_EQ(sent->thread_id, "t9");
  ASSERT_TRUE(sent->record.has_value()) << "by it the message is known when it comes back";
  EXPECT_EQ(sent->record->resource, "messages");
  EXPECT_EQ(sent->record->external_id, "s1");
  const std::string raw = sdk::string_at(last_body(), "raw");
  EXPECT_EQ(raw.find_first_of("+/="), std::string::npos);
  EXPECT_THAT(sent_mail(), HasSubstr("Subject: Hi\r\n"));
  EXPECT_FALSE(http().last_request().retry_safe) << "Gmail would send it twice";
}

TEST_F(GmailTest, WhatWasSentIsLookedForBeforeItIsSentAgain) {
  http().reply_json({{"messages", json::array{json::object{{"id", "s1"}, {"threadId", "t1"}}}}});
  auto message = mail();
  message.idempotency_key = "patchbay-abc";
  const auto found = client().send_message({}, message);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->external_id, "s1");
  EXPECT_FALSE(found->record.has_value()) << "a search tells ids alone: a record of them would be an inbound message";
  EXPECT_EQ(http().requests().size(), 1u);
  EXPECT_THAT(last_url(), HasSubstr("q=rfc822msgid%3A"));
  http().reply_json(json::object{{"resultSizeEstimate", 0}});
  http().reply_json({{"id", "s2"}, {"threadId", "t1"}});
  message.idempotency_key = "patchbay-def";
  EXPECT_EQ(client().send_message({}, message)->external_id, "s2");
  EXPECT_THAT(sent_mail(), HasSubstr("Message-ID: " + message_id_of("patchbay-def")));
}

TEST_F(GmailTest, AnAnswerStaysInItsThreadByAllThreeSigns) {
  const json::array headers{json::object{{"name", "Message-Id"}, {"value", "<b@x>"}},
                            json::object{{"name", "References"}, {"value", "<a@x>"}},
                            json::object{{"name", "Subject"}, {"value", "Boiler"}}};
  http().reply_json({{"messages", json::array{json::object{{"payload", {{"headers", headers}}}}}}});
  http().reply_json({{"id", "s1"}, {"threadId", "t1"}});
  auto message = mail();
  message.thread_id = "t1";
  message.subject = "Another";
  ASSERT_TRUE(client().send_message({}, message).ok());
  EXPECT_EQ(sdk::string_at(last_body(), "threadId"), "t1");
  EXPECT_THAT(sent_mail(), HasSubstr("In-Reply-To: <b@x>\r\nReferences: <a@x> <b@x>\r\n"));
  EXPECT_THAT(sent_mail(), HasSubstr("Subject: Re: Boiler\r\n"));
}

TEST_F(GmailTest, WhatCannotBeSentIsSaidBeforehand) {
  auto message = mail();
  message.attachments = {{"big.bin", "application/octet-stream", std::string(28 * 1024 * 1024, 'x')}};
  EXPECT_EQ(client().send_message({}, message).error().code, "google.message_too_large");
  message = mail();
  message.channel = "sms";
  EXPECT_EQ(client().send_message({}, message).error().error_class, sdk::ErrorClass::kPermanent);
  message = mail();
  message.to = {"nobody"};
  EXPECT_EQ(client().send_message({}, message).error().error_class, sdk::ErrorClass::kInvalid);
  EXPECT_TRUE(http().requests().empty());
}

TEST_F(GmailTest, ALabelIsFoundByNameOrMade) {
  http().reply_json({{"labels", json::array{json::object{{"id", "INBOX"}, {"name", "INBOX"}},
                                            json::object{{"id", "L1"}, {"name", "Jobs"}}}}});
  http().reply_json({{"id", "m1"}});
  ASSERT_TRUE(client().operate({}, "add_label", {{"messageId", "m1"}, {"label", "jobs"}}).ok());
  EXPECT_EQ(sdk::string_at(last_body(), "addLabelIds[0]"), "L1");
  http().reply_json({{"labels", json::array()}});
  http().reply_json({{"id", "L2"}});
  http().reply_json({{"id", "m1"}});
  ASSERT_TRUE(client().operate({}, "add_label", {{"messageId", "m1"}, {"label", "New"}}).ok());
  EXPECT_EQ(sdk::string_at(last_body(), "addLabelIds[0]"), "L2");
  http().reply_json({{"labels", json::array()}});
  EXPECT_EQ(client().operate({}, "remove_label", {{"messageId", "m1"}, {"label", "Gone"}}).error().error_class,
            sdk::ErrorClass::kNotFound);
}

TEST_F(GmailTest, AnAttachmentIsFoundByItsPart) {
  http().reply_json(message("m1"));
  http().reply_json({{"size", 3}, {"data", "_-8"}});
  const auto found = client().operate({}, "get_attachment", {{"messageId", "m1"}, {"partId", "2"}});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(sdk::string_at(*found, "content"), "/+8=");
  EXPECT_THAT(last_url(), HasSubstr("/attachments/att"));
}

TEST_F(GmailTest, EachCallSpendsWhatGmailChargesForIt) {
  http().reply_json(message("m1"));
  ASSERT_TRUE(client().get({}, "messages", "m1").ok());
  EXPECT_EQ(http().last_request().limit_group, "gmail");
  EXPECT_EQ(http().last_request().cost, 20);
}

}  // namespace
}  // namespace patchbay::google
