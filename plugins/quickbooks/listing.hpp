// Full lists by query, ordered by change and read on from the last time, so that what changes meanwhile cannot push
// others over the edge of a page. Incremental lists by change data capture; where that does not reach, by query.
#pragma once

#include "lookups.hpp"
#include "resources.hpp"

namespace patchbay::quickbooks {

class Listing {
 public:
  Listing(Api& api, Lookups& lookups, sdk::HostServices services) : api_(api), lookups_(lookups), services_(services) {}
  sdk::Result<sdk::Page> page(const sdk::CallContext& context, const Resource& resource,
                              const sdk::ListRequest& request);

 private:
  /// Where a run stands. Between pages it is the page cursor.
  struct Cursor;

  sdk::Result<sdk::Page> query_page(const sdk::CallContext& context, const Resource& resource,
                                    const sdk::ListRequest& request, Cursor cursor);
  sdk::Result<sdk::Page> change_page(const sdk::CallContext& context, const Resource& resource, sdk::SystemTime since);
  void add_records(sdk::Page& page, const Resource& resource, sdk::json::array rows, const Cursor& cursor);

  Api& api_;
  Lookups& lookups_;
  sdk::HostServices services_;
};

}  // namespace patchbay::quickbooks
