#pragma once

#include "api.hpp"
#include "listing.hpp"

namespace patchbay::stripe {

/// Operation: an intent's payment is credited to an invoice of Stripe's.
inline constexpr const char* kAttachPayment = "attach_payment";

/// One Stripe account.
class StripeClient : public sdk::ServiceClient {
 public:
  StripeClient(const sdk::ConnectionSettings& settings, sdk::HostServices services);
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override;
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override;
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource,
                               const std::string& external_id) override;
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const sdk::WriteRequest& request) override;
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const sdk::WriteRequest& request) override;
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& resource,
                           const std::string& external_id) override;
  sdk::Result<sdk::json::value> operate(const sdk::CallContext& context, const std::string& name,
                                        const sdk::json::object& arguments) override;
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override;

 private:
  sdk::Result<sdk::Record> write(const sdk::CallContext& context, const sdk::WriteRequest& request,
                                 const std::string& path, const std::string& group);
  sdk::HostServices services_;
  Api api_;
  Listing listing_;
};

}  // namespace patchbay::stripe
