// A mail as it goes over the wire (RFC 5322, MIME). Pure.
#pragma once

#include <patchbay/sdk/records.hpp>
#include <patchbay/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace patchbay::messaging {

/// "Ada Lovelace <ada@example.com>" or "ada@example.com".
struct MailAddress {
  std::string name;
  std::string address;
};

/// kInvalid where it is no address, or holds what would end a header line.
sdk::Result<MailAddress> parse_mail_address(std::string_view text);

struct Mail {
  MailAddress from;
  std::vector<MailAddress> to;
  std::string subject, text, html;  // html empty: text alone
  std::string message_id;           // "<id@host>": the same for every try, so that a mailbox can tell a repeat
  std::string in_reply_to;          // Message-ID that is answered; empty: a new thread
  std::vector<sdk::MessageAttachment> attachments;
  sdk::SystemTime date;
};

/// Headers, blank line and body, lines by CR LF, all of it ASCII. Nothing in the parts can add a header or a part.
std::string compose(const Mail& mail);

}  // namespace patchbay::messaging
