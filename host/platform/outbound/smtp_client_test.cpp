// Mail by SMTP against a server whose every answer the test decides.
#include "platform/outbound/smtp_client.hpp"

#include "tests/support/smtp_server.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>

namespace patchbay::outbound {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SmtpServer;

const Envelope kEnvelope{"office@example.com", {"ada@example.com", "ben@example.com"}};
const std::string kMessage = "Subject: Hello\r\n\r\nFirst\r\n.hidden dot\r\nLast\r\n";

sdk::Result<void> send(const SmtpServer& server, const Envelope& envelope = kEnvelope, const std::string& user = "") {
  return SmtpClient({server.url(), user, "secret word", std::chrono::seconds(5)}).send({}, envelope, kMessage);
}

/// A server that answers commands beginning with `command` with `words`.
SmtpServer::Answer answering(std::string command, std::string words) {
  return [command = std::move(command), words = std::move(words)](const std::string& given) {
    return given.starts_with(command) ? words : std::string();
  };
}

TEST(SmtpClient, HandsAMessageOverAsItIs) {
  SmtpServer server;
  const auto sent = send(server);
  ASSERT_TRUE(sent.ok()) << sent.error().message;
  const auto mails = server.mails();
  ASSERT_EQ(mails.size(), 1U);
  EXPECT_EQ(mails[0].from, "office@example.com");
  EXPECT_THAT(mails[0].to, ElementsAre("ada@example.com", "ben@example.com"));
  EXPECT_EQ(mails[0].data, kMessage);
  EXPECT_TRUE(mails[0].authorization.empty());
}

TEST(SmtpClient, SignsInWhereThereIsAUser) {
  SmtpServer server;
  ASSERT_TRUE(send(server, kEnvelope, "office").ok());
  EXPECT_THAT(server.mails()[0].authorization, HasSubstr(sdk::base64_encode(std::string("\0office\0secret word", 19))));
  SmtpServer strict(answering("AUTH", "535 no such user"));
  const auto refused = send(strict, kEnvelope, "office");
  EXPECT_EQ(refused.error().error_class, sdk::ErrorClass::kAuth);
  EXPECT_EQ(refused.error().code, "smtp.login");
  EXPECT_THAT(refused.error().message, Not(HasSubstr("secret word")));
  EXPECT_TRUE(strict.mails().empty());
}

struct Refusal {
  const char* command;
  const char* words;
  sdk::ErrorClass error_class;
  const char* code;
};

TEST(SmtpClient, TellsWhoseFaultARefusalIs) {
  using enum sdk::ErrorClass;
  const std::vector<Refusal> refusals{{"RCPT TO:<ben", "550 no such mailbox", kInvalid, "smtp.recipient"},
                                      {"RCPT TO:<ben", "450 come back later", kTransient, "smtp.temporary"},
                                      {"MAIL", "553 not your address", kPermanent, "smtp.sender"},
                                      {"MAIL", "451 busy", kTransient, "smtp.temporary"},
                                      {"DATA", "554 no", kPermanent, "smtp.refused"},
                                      {".", "554 this is spam", kPermanent, "smtp.refused"},
                                      {".", "452 disk full", kTransient, "smtp.temporary"},
                                      {"MAIL", "close", kTransient, "smtp.connect"},
                                      {"DATA", "close", kTransient, "smtp.connect"}};
  for (const Refusal& refusal : refusals) {
    SmtpServer server(answering(refusal.command, refusal.words));
    const auto sent = send(server);
    ASSERT_FALSE(sent.ok()) << refusal.command << " " << refusal.words;
    EXPECT_EQ(sent.error().error_class, refusal.error_class) << refusal.words;
    EXPECT_EQ(sent.error().code, refusal.code) << refusal.words << ": " << sent.error().message;
    EXPECT_TRUE(server.mails().empty()) << refusal.words;
    EXPECT_EQ(sent.error().field.value_or(""), refusal.error_class == kInvalid ? "to" : "");
  }
}

TEST(SmtpClient, AnAnswerThatNeverComesLeavesItOpenWhetherTheMailWasTaken) {
  SmtpServer server(answering(".", "close"));
  const auto sent = send(server);
  EXPECT_EQ(sent.error().error_class, sdk::ErrorClass::kTransient);
  EXPECT_EQ(sent.error().code, "smtp.unknown");
  EXPECT_EQ(server.mails().size(), 1U) << "it was taken, as it happens";
}

TEST(SmtpClient, NobodyThereIsNoHarmDone) {
  std::string url;
  { url = SmtpServer().url(); }
  const auto sent = SmtpClient({url, "", "", std::chrono::seconds(5)}).send({}, kEnvelope, kMessage);
  EXPECT_EQ(sent.error().code, "smtp.connect");
}

TEST(SmtpClient, WithoutTlsNothingGoesToAnotherMachine) {
  SmtpServer server;
  // The name of another machine, as far as the client can tell, that leads here.
  const SmtpClient client(
      {"smtp://[::ffff:127.0.0.1]:" + std::to_string(server.port()), "office", "secret word", std::chrono::seconds(5)});
  const auto sent = client.send({}, kEnvelope, kMessage);
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, "smtp.tls") << sent.error().message;
  EXPECT_TRUE(server.mails().empty());
}

TEST(SmtpClient, EndsWithItsDeadlineAndWhenItIsCancelled) {
  SmtpServer server(answering("MAIL", "silence"));
  sdk::CallContext hurried;
  hurried.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  const SmtpClient client({server.url(), "", "", std::chrono::seconds(5)});
  const auto late = client.send(hurried, kEnvelope, kMessage);
  EXPECT_EQ(late.error().error_class, sdk::ErrorClass::kCancelled) << late.error().code;
  sdk::CallContext cancelled;
  cancelled.cancel.cancel();
  EXPECT_EQ(client.send(cancelled, kEnvelope, kMessage).error().error_class, sdk::ErrorClass::kCancelled);
}

TEST(SmtpClient, TakesAddressesOfMailServersOnly) {
  for (const char* good : {"smtp://mail.example.com", "smtp://mail.example.com:587", "smtps://mail.example.com:465"})
    EXPECT_TRUE(check_smtp_url(good).ok()) << good;
  for (const char* bad :
       {"", "mail.example.com", "http://mail.example.com", "smtp://user:word@mail.example.com", "smtp://"})
    EXPECT_FALSE(check_smtp_url(bad).ok()) << bad;
  EXPECT_EQ(SmtpClient({}).send({}, kEnvelope, kMessage).error().code, "smtp.not_configured");
}

}  // namespace
}  // namespace patchbay::outbound
