// Mutations. Jobber has no idempotency keys: before anything is created the hub looks whether it is there already.
#pragma once

#include "graphql.hpp"
#include "resources.hpp"

namespace patchbay::jobber {

class Writing {
 public:
  Writing(GraphQl& graphql, sdk::Clock& clock) : graphql_(graphql), clock_(clock) {}
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const sdk::WriteRequest& request);
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const sdk::WriteRequest& request);
  sdk::Result<void> archive_client(const sdk::CallContext& context, const std::string& client_id);

 private:
  sdk::Result<sdk::Record> create_client(const sdk::CallContext& context, const sdk::json::value& data);
  sdk::Result<sdk::Record> update_client(const sdk::CallContext& context, const sdk::WriteRequest& request);
  sdk::Result<sdk::Record> create_job(const sdk::CallContext& context, const sdk::json::value& data);
  sdk::Result<sdk::Record> update_job(const sdk::CallContext& context, const sdk::WriteRequest& request);
  sdk::Result<std::optional<sdk::Record>> find_client(const sdk::CallContext& context, const sdk::json::value& data);
  sdk::Result<std::optional<sdk::Record>> find_job(const sdk::CallContext& context, const std::string& client_id,
                                                   const std::string& title);
  sdk::Result<std::string> property_of(const sdk::CallContext& context, const std::string& client_id);
  sdk::Result<std::string> create_property(const sdk::CallContext& context, const std::string& client_id,
                                           const sdk::json::value& address);
  sdk::Result<sdk::json::value> mutate(const sdk::CallContext& context, const std::string& operation,
                                       const std::string& document, const sdk::json::object& variables,
                                       const char* payload);
  sdk::Result<sdk::Record> read(const sdk::CallContext& context, const Resource& resource, const std::string& id);

  GraphQl& graphql_;
  sdk::Clock& clock_;
};

}  // namespace patchbay::jobber
