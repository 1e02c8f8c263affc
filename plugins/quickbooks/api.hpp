// Calls to one company: address, version, token, faults.
// Facts: developer.intuit.com (REST conventions, error codes, limits and throttles, batch, change data capture).
#pragma once

#include "fault.hpp"
#include "statement.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::quickbooks {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// An answer to a query.
struct QueryAnswer {
  sdk::json::array rows;
  std::optional<sdk::SystemTime> at;  // QuickBooks' own clock
};

/// A write. The same `request_id` is answered with the first answer instead of doing it twice; empty: none is sent.
struct WriteCall {
  std::string path;  // "customer"
  Fields query;      // {{"operation", "delete"}}
  sdk::json::object body;
  std::string request_id;
  bool retry_safe = false;  // the host may send it again by itself
};

inline constexpr std::size_t kBatchItemsMax = 25;

/// One connection; used by one thread at a time.
class Api {
 public:
  Api(const sdk::ConnectionSettings& settings, sdk::HostServices services);

  const std::string& realm() const { return realm_; }
  /// GET below the company.
  sdk::Result<sdk::json::value> read(const sdk::CallContext& context, const std::string& path,
                                     const Fields& query = {});
  sdk::Result<QueryAnswer> query(const sdk::CallContext& context, const Statement& statement);
  sdk::Result<std::uint64_t> count(const sdk::CallContext& context, const Statement& statement);
  sdk::Result<sdk::json::value> write(const sdk::CallContext& context, WriteCall call);
  /// Items as QuickBooks wants them, at most kBatchItemsMax. A throttled item fails the whole call, any other fault
  /// stays in its item.
  sdk::Result<sdk::json::array> batch(const sdk::CallContext& context, sdk::json::array items);

 private:
  sdk::Result<sdk::json::value> send(const sdk::CallContext& context, sdk::HttpRequest request);
  sdk::Result<sdk::json::value> send_once(const sdk::CallContext& context, sdk::HttpRequest& request,
                                          const std::string& token);
  sdk::Result<sdk::json::value> read_answer(const sdk::HttpResponse& response);
  sdk::HttpRequest request(const std::string& method, const std::string& path, Fields query) const;
  sdk::Error count_throttle(sdk::Error error);

  std::string base_, realm_, minor_version_;
  sdk::HostServices services_;
  int throttles_in_a_row_ = 0;
  std::optional<sdk::SystemTime> throttled_since_;
};

}  // namespace patchbay::quickbooks
