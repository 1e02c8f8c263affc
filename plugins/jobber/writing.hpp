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
  sdk::Result<sdk::Record> create_quote(const sdk::CallContext& context, const sdk::json::value& data);
  sdk::Result<sdk::Record> update_quote(const sdk::CallContext& context, const sdk::WriteRequest& request);
  sdk::Result<std::optional<sdk::Record>> find_quote(const sdk::CallContext& context, const std::string& client_id,
                                                     const std::string& title);
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

/// Whether the request is to write this member.
bool is_wanted(const sdk::WriteRequest& request, const char* name);
/// The record that a mutation answers with; without it nothing says whether anything was written.
sdk::Result<sdk::Record> written_record(const Resource& resource, const sdk::json::value& result, const char* member);
/// A create whose answer was lost is tried again within this.
inline constexpr std::chrono::hours kLostAnswerWindow{1};

}  // namespace patchbay::jobber
