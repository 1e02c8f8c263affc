// One SMS or MMS out. Twilio knows no idempotency keys, so whoever repeats a try says when the first one was, and the
// connector looks for its message before it sends another.
#pragma once

#include "listing.hpp"

namespace patchbay::twilio {

/// Sends on the channel "sms" to one recipient. Of OutgoingMessage::options: `mediaUrl` (text or list of at most ten),
/// `statusCallback`, `contentSid`, `contentVariables`, `validityPeriod`; and for a repeated try `firstTriedAt` (ISO
/// 8601: a message of this text to this recipient, made since, is taken for the one that was tried) with `sentIds`
/// (messages that are known to be others).
class Sending {
 public:
  Sending(Api& api, const sdk::ConnectionSettings& settings, sdk::HostServices services, OpenMessages& open);
  sdk::Result<sdk::SentMessage> send(const sdk::CallContext& context, const sdk::OutgoingMessage& message);

 private:
  sdk::Result<Fields> form_of(const sdk::OutgoingMessage& message) const;
  sdk::Result<std::optional<sdk::json::value>> find_earlier(const sdk::CallContext& context,
                                                            const sdk::OutgoingMessage& message,
                                                            sdk::SystemTime first_tried_at);
  sdk::SentMessage sent(sdk::json::value message);

  Api& api_;
  std::string from_, messaging_service_sid_;
  sdk::HostServices services_;
  OpenMessages& open_;
};

}  // namespace patchbay::twilio
