// E-mail as text (RFC 5322, 2045 to 2047, 2231): made for sending, and the few decodings that reading needs.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::google {

/// What goes into the headers besides sdk::OutgoingMessage.
struct MailEnvelope {
  std::string message_id;   ///< With its angle brackets.
  std::string in_reply_to;  ///< Message-ID of what is answered; empty: nothing.
  std::string references;
  std::string subject;  ///< In place of the message's own.
  sdk::SystemTime date;
};

/// The whole mail with CRLF lines. kInvalid for an address, subject or file name with a line break or without a sense.
sdk::Result<std::string> make_mail(const sdk::OutgoingMessage& message, const MailEnvelope& envelope);

/// Whether a text is printable ASCII in one line.
bool is_ascii(std::string_view text);
/// A header's value as RFC 2047 writes it: itself where it is plain ASCII, else encoded words of at most 75 characters,
/// never cut inside a character.
std::string encode_words(std::string_view text);
/// The text of a header that may hold encoded words in UTF-8, US-ASCII or ISO-8859-1; others stay as they are.
std::string decode_words(std::string_view text);
/// "Ann Lee <ann@x.io>" → "ann@x.io"; a bare address is itself.
std::string address_of(std::string_view mailbox);
/// The mailboxes of an address list; commas inside quotes and comments do not part.
std::vector<std::string> split_addresses(std::string_view list);

}  // namespace patchbay::google
