// One try of one message with one provider, and what its outcome means.
#pragma once

#include "hub/messaging/channels.hpp"
#include "hub/messaging/send_store.hpp"
#include "platform/outbound/smtp_client.hpp"

#include <patchbay/sdk/host_services.hpp>

namespace patchbay::messaging {

/// What a failed try means for the message.
enum class Failure {
  kRecipient,  // the address or the text is refused: nobody else is asked
  kProvider,   // this provider does not take it: the next one is asked
  kUnsent,     // it certainly left nothing behind and may be tried again, with anybody
  kUnknown,    // it may have been sent: it has to be looked for before it is tried again
};
Failure judge(const sdk::Error& error);

struct MailSettings {
  std::string from;  // "Office <office@example.com>"
};

/// What a connector is told of the message. `tried_at`: when a try of unknown end began, with `sent_alike`.
sdk::OutgoingMessage make_outgoing(const Send& send, const std::string& status_callback,
                                   const std::vector<std::string>& sent_alike);

/// Hands a mail to the SMTP server. A repeat is the very same mail, with the same Message-ID.
sdk::Result<sdk::SentMessage> send_mail(const outbound::SmtpClient& smtp, const MailSettings& settings,
                                        const sdk::CallContext& context, const Send& send, sdk::SystemTime now);

}  // namespace patchbay::messaging
