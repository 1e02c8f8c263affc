#pragma once

#include "graphql.hpp"
#include "resources.hpp"
#include "writing.hpp"

namespace patchbay::jobber {

/// One Jobber account.
class JobberClient : public sdk::ServiceClient {
 public:
  JobberClient(const sdk::ConnectionSettings& settings, sdk::HostServices services);
  sdk::Result<sdk::AccountIdentity> authenticate(const sdk::CallContext& context) override;
  sdk::Result<sdk::Page> list(const sdk::CallContext& context, const sdk::ListRequest& request) override;
  sdk::Result<sdk::Record> get(const sdk::CallContext& context, const std::string& resource,
                               const std::string& external_id) override;
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const sdk::WriteRequest& request) override;
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const sdk::WriteRequest& request) override;
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& resource,
                           const std::string& external_id) override;
  sdk::Result<sdk::Health> health_check(const sdk::CallContext& context) override;

 private:
  sdk::HostServices services_;
  GraphQl graphql_;
  Writing writing_;
};

}  // namespace patchbay::jobber
