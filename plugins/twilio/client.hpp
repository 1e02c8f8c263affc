#pragma once

#include "sending.hpp"

namespace patchbay::twilio {

/// One Twilio account.
class TwilioClient : public sdk::ServiceClient {
 public:
  TwilioClient(const sdk::ConnectionSettings& settings, sdk::HostServices services);
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override;
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override;
  /// With its files as `media`.
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource,
                               const std::string& external_id) override;
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& resource,
                           const std::string& external_id) override;
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override;
  sdk::Result<sdk::json::value> operate(const sdk::CallContext& context, const std::string& name,
                                        const sdk::json::object& arguments) override;
  sdk::Result<sdk::SentMessage> send_message(const sdk::CallContext& context,
                                             const sdk::OutgoingMessage& message) override;

 private:
  sdk::Result<void> probe(const sdk::CallContext& context);
  Api api_;
  std::string sender_;
  bool can_verify_;
  Listing listing_;
  Sending sending_;
  sdk::Logger& logger_;
};

}  // namespace patchbay::twilio
