#include "hub/messaging/delivery.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <array>

namespace patchbay::messaging {
namespace {

/// Transient errors that come before anything was handed over.
constexpr std::array<std::string_view, 6> kNothingSent{"http.connect",   "http.budget",       "smtp.connect",
                                                       "smtp.temporary", "twilio.queue_full", "plugin.child_down"};

}  // namespace

Failure judge(const sdk::Error& error) {
  if (error.error_class == sdk::ErrorClass::kInvalid || error.field == "to") return Failure::kRecipient;
  switch (error.error_class) {
    case sdk::ErrorClass::kAuth:
    case sdk::ErrorClass::kPermanent:
    case sdk::ErrorClass::kNotFound:
      return Failure::kProvider;
    case sdk::ErrorClass::kRateLimited:
      return Failure::kUnsent;
    default:
      break;
  }
  const bool nothing_sent = std::find(kNothingSent.begin(), kNothingSent.end(), error.code) != kNothingSent.end();
  return nothing_sent ? Failure::kUnsent : Failure::kUnknown;
}

sdk::OutgoingMessage make_outgoing(const Send& send, const std::string& status_callback,
                                   const std::vector<std::string>& sent_alike) {
  sdk::OutgoingMessage message;
  message.channel = send.request.channel;
  message.from = send.request.from;
  message.to = send.request.to;
  message.subject = send.request.subject;
  message.text = send.request.text;
  message.html = send.request.html;
  message.thread_id = send.request.thread_id;
  message.attachments = send.request.attachments;
  message.options = send.request.options;
  message.idempotency_key = "message-" + send.message_id;
  if (!status_callback.empty()) message.options["statusCallback"] = status_callback;
  if (send.tried_at) {
    message.options["firstTriedAt"] = sdk::format_time(*send.tried_at);
    message.options["sentIds"] = sdk::json::array(sent_alike.begin(), sent_alike.end());
  }
  return message;
}

}  // namespace patchbay::messaging
