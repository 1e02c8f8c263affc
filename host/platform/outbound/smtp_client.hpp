// Mail out of the house by SMTP: libcurl behind plain values. TLS always, but to a server on this machine.
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace patchbay::outbound {

struct SmtpSettings {
  std::string url;  // "smtp://mail.example.com:587" (STARTTLS), "smtps://mail.example.com"; empty: no mail by SMTP
  std::string user, password;  // empty user: without a sign-in
  std::chrono::milliseconds connect_timeout{10'000};
};

/// kInvalid where the URL is no SMTP server's.
sdk::Result<void> check_smtp_url(const std::string& url);

/// What the server is to do with a message; addresses without names.
struct Envelope {
  std::string from;
  std::vector<std::string> to;
};

/// Thread-safe. Errors tell whether the message may have been taken:
/// - not taken: kTransient "smtp.connect", "smtp.temporary"; kAuth "smtp.login"; kPermanent "smtp.tls", "smtp.sender",
///   "smtp.refused"; kInvalid "smtp.recipient" (field "to");
/// - unknown: kTransient "smtp.unknown", kCancelled: the message was handed over and the answer did not come.
class SmtpClient {
 public:
  explicit SmtpClient(SmtpSettings settings) : settings_(std::move(settings)) {}
  bool configured() const { return !settings_.url.empty(); }
  /// Blocks until the server has answered or the deadline passes. `message` is whole: headers, blank line, body, lines
  /// by CR LF.
  sdk::Result<void> send(const sdk::CallContext& context, const Envelope& envelope, const std::string& message) const;

 private:
  const SmtpSettings settings_;
};

}  // namespace patchbay::outbound
