#pragma once

#include "calendar.hpp"
#include "channels.hpp"
#include "drive.hpp"
#include "gmail.hpp"
#include "operations.hpp"

namespace patchbay::google {

/// One Google account.
class GoogleClient : public sdk::ServiceClient {
 public:
  GoogleClient(const sdk::ConnectionSettings& settings, sdk::HostServices services);
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override;
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override;
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource,
                               const std::string& external_id) override;
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const sdk::WriteRequest& request) override;
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const sdk::WriteRequest& request) override;
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& resource,
                           const std::string& external_id) override;
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override;
  sdk::Result<sdk::json::value> operate(const sdk::CallContext& context, const std::string& name,
                                        const sdk::json::object& arguments) override;
  sdk::Result<sdk::SentMessage> send_message(const sdk::CallContext& context,
                                             const sdk::OutgoingMessage& message) override;
  sdk::Result<std::vector<sdk::Subscription>> list_subscriptions(const sdk::CallContext& context) override;
  sdk::Result<sdk::Subscription> subscribe(const sdk::CallContext& context, const sdk::Subscription& wanted) override;
  sdk::Result<sdk::Subscription> renew_subscription(const sdk::CallContext& context,
                                                    const sdk::Subscription& subscription) override;
  sdk::Result<void> unsubscribe(const sdk::CallContext& context, const sdk::Subscription& subscription) override;

 private:
  Api api_;
  Calendar calendar_;
  Gmail gmail_;
  Drive drive_;
  Channels channels_;
  Operations operations_;
};

}  // namespace patchbay::google
