#include "mime.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchbay::google {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

sdk::OutgoingMessage mail_to(std::string to) {
  sdk::OutgoingMessage message;
  message.channel = "email";
  message.to = {std::move(to)};
  message.text = "Hello";
  return message;
}

MailEnvelope envelope(std::string subject = "Hi") {
  MailEnvelope envelope;
  envelope.subject = std::move(subject);
  envelope.date = sdk::SystemTime(std::chrono::seconds(1'763'728'000));
  return envelope;
}

TEST(Mime, TheVectorOfTheNote) {
  const std::string mail =
      "From: me@example.com\r\nTo: you@example.com\r\nSubject: =?UTF-8?B?w4RwcG9pbnRtZW50?=\r\nMIME-Version: 1.0\r\n"
      "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHi ~ ¿? ü\r\n";
  EXPECT_EQ(sdk::base64url_encode(mail),
            "RnJvbTogbWVAZXhhbXBsZS5jb20NClRvOiB5b3VAZXhhbXBsZS5jb20NClN1YmplY3Q6ID0_VVRGLTg_Qj93NFJ3Y0c5cGJuUnRaVzUwPz"
            "0NCk1JTUUtVmVyc2lvbjogMS4wDQpDb250ZW50LVR5cGU6IHRleHQvcGxhaW47IGNoYXJzZXQ9VVRGLTgNCkNvbnRlbnQtVHJhbnNmZXIt"
            "RW5jb2Rpbmc6IDhiaXQNCg0KSGkgfiDCvz8gw7wNCg");
  EXPECT_EQ(encode_words("Äppointment"), "=?UTF-8?B?w4RwcG9pbnRtZW50?=");
}

TEST(Mime, PlainTextStaysReadable) {
  const auto mail = make_mail(mail_to("you@example.com"), envelope());
  ASSERT_TRUE(mail.ok());
  EXPECT_EQ(*mail,
            "Date: Fri, 21 Nov 2025 12:26:40 +0000\r\nTo: you@example.com\r\nSubject: Hi\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello\r\n");
}

TEST(Mime, LongHeadersAreCutBetweenCharacters) {
  std::string subject;
  for (int i = 0; i < 60; ++i) subject += "ü€";
  const std::string encoded = encode_words(subject);
  std::size_t from = 0;
  while (from < encoded.size()) {
    const auto end = std::min(encoded.find("\r\n ", from), encoded.size());
    EXPECT_LE(end - from, 75u);
    from = end + 3;
  }
  EXPECT_EQ(decode_words(encoded), subject);
}

TEST(Mime, NothingSlipsIntoTheHeaders) {
  EXPECT_FALSE(make_mail(mail_to("you@example.com\r\nBcc: all@example.com"), envelope()).ok());
  EXPECT_FALSE(make_mail(mail_to("you@example.com"), envelope("Hi\r\nBcc: all@example.com")).ok());
  EXPECT_FALSE(make_mail(mail_to("no address"), envelope()).ok());
  auto message = mail_to("you@example.com");
  message.attachments = {{"a\"\r\nX: y", "text/plain", "x"}};
  EXPECT_FALSE(make_mail(message, envelope()).ok());
  message.attachments = {{"a", "text/plain\r\nX: y", "x"}};
  EXPECT_FALSE(make_mail(message, envelope()).ok());
  message.attachments.clear();
  message.options = {{"cc", "x@example.com\nBcc: y@example.com"}};
  EXPECT_FALSE(make_mail(message, envelope()).ok());
}

TEST(Mime, NamesOfPeopleAreEncoded) {
  auto message = mail_to("Zoë Ünal <zoe@example.com>");
  message.to.emplace_back("Lee, Ann <ann@example.com>");
  message.options = {{"cc", sdk::json::array{"c@example.com", "d@example.com"}}};
  const std::string mail = *make_mail(message, envelope());
  EXPECT_THAT(mail,
              HasSubstr("To: =?UTF-8?B?Wm/DqyDDnG5hbA==?= <zoe@example.com>,\r\n \"Lee, Ann\" <ann@example.com>\r\n"));
  EXPECT_THAT(mail, HasSubstr("Cc: c@example.com,\r\n d@example.com\r\n"));
}

TEST(Mime, TextThatNeedsItIsBase64InShortLines) {
  auto message = mail_to("you@example.com");
  message.text = "Grüße\n" + std::string(2000, 'x');
  const std::string mail = *make_mail(message, envelope());
  EXPECT_THAT(mail, HasSubstr("Content-Transfer-Encoding: base64"));
  EXPECT_THAT(mail, HasSubstr(sdk::base64_encode("Grüße\r\n")));
  for (std::size_t at = 0, end; at < mail.size(); at = end + 2) {
    end = std::min(mail.find("\r\n", at), mail.size());
    EXPECT_LE(end - at, 998u);
  }
}

TEST(Mime, TextAndHtmlAndFilesAreParts) {
  auto message = mail_to("you@example.com");
  message.text = "--=_patchbay_0";
  message.html = "<p>Hi</p>";
  message.attachments = {{"Rechnung ü.pdf", "application/pdf", std::string("\0\x01\xff", 3)}};
  const std::string mail = *make_mail(message, envelope());
  EXPECT_THAT(mail, HasSubstr("multipart/mixed"));
  EXPECT_THAT(mail, HasSubstr("multipart/alternative; boundary=\"=_patchbay_1\"")) << "its text holds the first one";
  EXPECT_THAT(mail, HasSubstr("filename=\"Rechnung _.pdf\";\r\n filename*=UTF-8''Rechnung%20%C3%BC.pdf"));
  EXPECT_THAT(mail, HasSubstr("AAH/"));
  EXPECT_LT(mail.find("text/plain"), mail.find("text/html"));
  EXPECT_LT(mail.find("text/html"), mail.find("application/pdf"));
}

TEST(Mime, EncodedWordsAreRead) {
  EXPECT_EQ(decode_words("=?UTF-8?Q?Gr=C3=BC=C3=9Fe_an?= alle"), "Grüße an alle");
  EXPECT_EQ(decode_words("=?utf-8?b?w4Q=?=\r\n =?UTF-8?B?cA==?="), "Äp") << "blanks between words are no text";
  EXPECT_EQ(decode_words("=?iso-8859-1?Q?Z=FCrich?="), "Zürich");
  EXPECT_EQ(decode_words("=?UTF-8?B?w?= =?UTF-8?B?hA==?= x"), decode_words("=?UTF-8?B?w?= =?UTF-8?B?hA==?= x"));
  EXPECT_EQ(decode_words("=?big5?B?pKQ=?="), "=?big5?B?pKQ=?=");
  EXPECT_EQ(decode_words("=?UTF-8?B"), "=?UTF-8?B");
  EXPECT_EQ(decode_words("a = b? c"), "a = b? c");
  EXPECT_EQ(decode_words("plain text"), "plain text");
}

TEST(Mime, AddressesArePartedAtTheirCommas) {
  EXPECT_THAT(split_addresses("\"Lee, Ann\" <a@x.io>, b@x.io (Bob, jr), c@x.io"),
              ElementsAre("\"Lee, Ann\" <a@x.io>", "b@x.io (Bob, jr)", "c@x.io"));
  EXPECT_EQ(address_of("\"Lee, Ann\" <a@x.io>"), "a@x.io");
  EXPECT_EQ(address_of(" b@x.io "), "b@x.io");
  EXPECT_EQ(address_of(""), "");
}

TEST(Mime, AnAnswerNamesWhatItAnswers) {
  auto answer = envelope("Re: Hi");
  answer.message_id = "<new@x>";
  answer.in_reply_to = "<old@x>";
  answer.references = "<first@x> <old@x>";
  const std::string mail = *make_mail(mail_to("you@example.com"), answer);
  EXPECT_THAT(mail, HasSubstr("Message-ID: <new@x>\r\nIn-Reply-To: <old@x>\r\nReferences: <first@x> <old@x>\r\n"));
  EXPECT_THAT(mail, Not(HasSubstr("From:"))) << "Gmail knows who sends";
}

}  // namespace
}  // namespace patchbay::google
