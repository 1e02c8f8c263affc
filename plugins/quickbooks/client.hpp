#pragma once

#include "listing.hpp"
#include "lookups.hpp"
#include "writing.hpp"

namespace patchbay::quickbooks {

/// One QuickBooks company.
class QuickBooksClient : public sdk::ServiceClient {
 public:
  QuickBooksClient(const sdk::ConnectionSettings& settings, sdk::HostServices services);
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

 private:
  Api api_;
  Lookups lookups_;
  Listing listing_;
  Writing writing_;
};

}  // namespace patchbay::quickbooks
