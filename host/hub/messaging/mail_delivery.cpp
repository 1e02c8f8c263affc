// The half of delivery that goes by SMTP.
#include "hub/messaging/delivery.hpp"
#include "hub/messaging/mail.hpp"

#include <patchbay/sdk/http.hpp>

namespace patchbay::messaging {
namespace {

std::string domain_of(const std::string& address) {
  return address.substr(address.rfind('@') + 1);
}

}  // namespace

sdk::Result<sdk::SentMessage> send_mail(const outbound::SmtpClient& smtp, const MailSettings& settings,
                                        const sdk::CallContext& context, const Send& send, sdk::SystemTime now) {
  Mail mail;
  auto from = parse_mail_address(send.request.from.empty() ? settings.from : send.request.from);
  if (!from.ok() && send.request.from.empty())
    return sdk::permanent_error("smtp.no_sender", "smtp.from is not set to an e-mail address.");
  if (!from.ok()) return sdk::invalid_error("smtp.sender", "from is no e-mail address.", "from");
  // Who may write messages may not write them in anybody's name.
  const auto own = parse_mail_address(settings.from);
  if (!own.ok() || !sdk::equals_ignoring_case(domain_of(own->address), domain_of(from->address)))
    return sdk::invalid_error("smtp.sender", "from must be an address of the domain of smtp.from.", "from");
  mail.from = *from;
  outbound::Envelope envelope{from->address, {}};
  for (const std::string& to : send.request.to) {
    PATCHBAY_ASSIGN(MailAddress address, parse_mail_address(to));
    envelope.to.push_back(address.address);
    mail.to.push_back(std::move(address));
  }
  mail.subject = send.request.subject;
  mail.text = send.request.text;
  mail.html = send.request.html;
  mail.attachments = send.request.attachments;
  mail.in_reply_to = send.request.thread_id;
  mail.message_id = "<" + send.message_id + "@" + domain_of(from->address) + ">";
  // The day of the first try, so that a repeat is the same mail to whoever compares.
  mail.date = send.tried_at.value_or(now);
  PATCHBAY_TRY(smtp.send(context, envelope, compose(mail)));
  sdk::SentMessage sent;
  sent.external_id = mail.message_id;
  sent.thread_id = mail.in_reply_to.empty() ? mail.message_id : mail.in_reply_to;
  return sent;
}

}  // namespace patchbay::messaging
