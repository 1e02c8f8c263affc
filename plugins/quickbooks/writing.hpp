// Creates, sparse updates, removals. Every write carries a `requestid`; a money write that is tried again looks first
// whether the first try arrived, since QuickBooks has been seen to book the same request twice.
#pragma once

#include "lookups.hpp"
#include "resources.hpp"

namespace patchbay::quickbooks {

class Writing {
 public:
  Writing(Api& api, Lookups& lookups, sdk::HostServices services) : api_(api), lookups_(lookups), services_(services) {}
  sdk::Result<sdk::Record> read(const sdk::CallContext& context, const Resource& resource, const std::string& id);
  sdk::Result<sdk::Record> create(const sdk::CallContext& context, const Resource& resource,
                                  const sdk::WriteRequest& request);
  sdk::Result<sdk::Record> update(const sdk::CallContext& context, const Resource& resource,
                                  const sdk::WriteRequest& request);
  sdk::Result<void> remove(const sdk::CallContext& context, const Resource& resource, const std::string& id);
  /// One write to a transaction by its id and newest SyncToken: void, delete. `more` goes into body and query.
  sdk::Result<sdk::json::value> act(const sdk::CallContext& context, const Resource& resource, const std::string& id,
                                    const Fields& query, const sdk::json::object& more);

 private:
  sdk::Result<sdk::json::value> get_object(const sdk::CallContext& context, const Resource& resource,
                                           const std::string& id);
  sdk::Result<sdk::Record> post(const sdk::CallContext& context, const Resource& resource, WriteCall call);
  sdk::Result<sdk::Record> create_money(const sdk::CallContext& context, const Resource& resource, WriteCall call);
  sdk::Result<sdk::Record> adopt(const sdk::CallContext& context, const Resource& resource,
                                 const sdk::json::object& document, sdk::Error refusal);
  sdk::Result<std::optional<sdk::Record>> find_booked(const sdk::CallContext& context, const Resource& resource,
                                                      const sdk::json::object& document, sdk::SystemTime since);
  sdk::Result<sdk::Record> sparse_update(const sdk::CallContext& context, const Resource& resource,
                                         const std::string& id, const sdk::json::object& changes,
                                         std::string sync_token, const std::string& request_id);

  Api& api_;
  Lookups& lookups_;
  sdk::HostServices services_;
};

}  // namespace patchbay::quickbooks
