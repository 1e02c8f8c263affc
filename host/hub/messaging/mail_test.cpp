#include "hub/messaging/mail.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <gmock/gmock.h>

namespace patchbay::messaging {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Mail mail() {
  Mail mail;
  mail.from = {"Office", "office@example.com"};
  mail.to = {{"", "ada@example.com"}};
  mail.subject = "Hello";
  mail.text = "One\nTwo\r\nThree";
  mail.message_id = "<1@example.com>";
  mail.date = *sdk::parse_time("2026-11-21T05:01:09Z");
  return mail;
}

/// Headers end at the first blank line, which only compose() may write.
std::string headers_of(const std::string& whole) {
  return whole.substr(0, whole.find("\r\n\r\n"));
}

TEST(Mail, IsWhole) {
  const std::string whole = compose(mail());
  EXPECT_EQ(headers_of(whole),
            "Date: Sat, 21 Nov 2026 05:01:09 +0000\r\nFrom: \"Office\" <office@example.com>\r\nTo: ada@example.com\r\n"
            "Subject: Hello\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64");
  EXPECT_THAT(whole, HasSubstr("\r\n\r\n" + sdk::base64_encode("One\r\nTwo\r\nThree") + "\r\n"));
  EXPECT_EQ(compose(mail()), whole) << "a repeat is the same mail";
}

TEST(Mail, AnyTextIsAsciiOnTheWireInLinesThatFit) {
  Mail long_one = mail();
  long_one.subject.clear();
  for (int i = 0; i < 60; ++i) long_one.subject += "Grüße 😕 ";
  long_one.text.assign(5000, 'x').append("ü");
  long_one.from.name = "Büro \"Süd\"";
  const std::string whole = compose(long_one);
  std::string_view rest = whole;
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    ASSERT_NE(end, std::string_view::npos);
    EXPECT_LE(end, 200U);
    for (const char c : rest.substr(0, end)) ASSERT_TRUE(c >= ' ' && c < 127);
    rest.remove_prefix(end + 2);
  }
  // Each encoded word holds whole characters.
  std::string subject;
  std::string_view words(whole);
  words = words.substr(words.find("Subject: "));
  words = words.substr(0, words.find("\r\nMessage-ID"));
  for (auto at = words.find("=?UTF-8?B?"); at != std::string_view::npos; at = words.find("=?UTF-8?B?", at + 1)) {
    const auto end = words.find("?=", at);
    const auto decoded = sdk::base64_decode(words.substr(at + 10, end - at - 10));
    ASSERT_TRUE(decoded.ok());
    EXPECT_TRUE(sdk::is_utf8(*decoded));
    subject += *decoded;
  }
  EXPECT_EQ(subject, long_one.subject);
}

TEST(Mail, NothingInItsPartsAddsAHeader) {
  Mail hostile = mail();
  hostile.subject = "Hi\r\nBcc: everybody@example.com\r\n\r\nbody";
  hostile.from.name = "A\" <x@y>\r\nX: y";
  hostile.in_reply_to = "<a>\r\nX-Evil: 1";
  hostile.attachments = {{"a\r\nX: y\".txt", "text/html\r\nX: y", "bytes"}};
  const std::string whole = compose(hostile);
  EXPECT_THAT(whole, Not(HasSubstr("\r\nBcc:")));
  EXPECT_THAT(whole, Not(HasSubstr("\r\nX:")));
  EXPECT_THAT(whole, Not(HasSubstr("X-Evil")));
  EXPECT_THAT(whole, HasSubstr("Content-Type: application/octet-stream\r\n"));
}

TEST(Mail, HtmlAndFilesArePartsOfTheirOwn) {
  Mail rich = mail();
  rich.html = "<b>Hi</b>";
  rich.attachments = {{"Plän.pdf", "application/pdf", std::string("\0\x01", 2)}};
  rich.in_reply_to = "<0@example.com>";
  const std::string whole = compose(rich);
  EXPECT_THAT(whole, HasSubstr("Content-Type: multipart/mixed; boundary=\"=_"));
  EXPECT_THAT(whole, HasSubstr("Content-Type: multipart/alternative; boundary=\"=_"));
  EXPECT_THAT(whole, HasSubstr(sdk::base64_encode("<b>Hi</b>")));
  EXPECT_THAT(whole, HasSubstr("Content-Disposition: attachment; filename*=UTF-8''Pl%C3%A4n.pdf\r\n"));
  EXPECT_THAT(whole, HasSubstr("In-Reply-To: <0@example.com>\r\nReferences: <0@example.com>\r\n"));
}

TEST(Mail, AddressesAreReadWithAndWithoutNames) {
  EXPECT_EQ(parse_mail_address(" ada@example.com ")->address, "ada@example.com");
  const auto named = parse_mail_address("\"Ada L.\" <ada@example.com>");
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(named->name, "Ada L.");
  EXPECT_EQ(named->address, "ada@example.com");
  EXPECT_EQ(parse_mail_address("Łukasz <l@example.com>")->name, "Łukasz");
  for (const char* wrong : {"", "ada", "@example.com", "ada@", "a b@example.com", "ada@example.com\r\nBcc: x@y.z",
                            "a@b.c, d@e.f", "x <ada@example.com", "a\r\nb <ada@example.com>", "ü@example.com"})
    EXPECT_FALSE(parse_mail_address(wrong).ok()) << wrong;
  EXPECT_FALSE(parse_mail_address(std::string(300, 'a') + "@example.com").ok());
}

}  // namespace
}  // namespace patchbay::messaging
