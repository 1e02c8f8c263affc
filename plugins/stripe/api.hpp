// Stripe's HTTP conventions: headers, form bodies with brackets, what an answer means.
// Facts: docs.stripe.com (errors, idempotency, rate limits, pagination), API version 2026-07-29.dahlia.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <utility>
#include <vector>

namespace patchbay::stripe {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// `{"address": {"city": "X"}, "tags": ["a"]}` → address[city]=X, tags[0]=a. null clears: an empty value.
Fields flatten(const sdk::json::value& value);

/// What a response that is no success means for the caller.
sdk::Error error_of(const sdk::HttpResponse& response);

/// Calls of one connection.
class Api {
 public:
  Api(const sdk::ConnectionSettings& settings, sdk::HttpClient& http);
  /// `path` below /v1 with its leading slash; `group` is its template ("GET /v1/customers/{id}") for the endpoint's
  /// budget.
  sdk::Result<sdk::json::value> get(const sdk::CallContext& context, const std::string& path, const std::string& group,
                                    const Fields& query = {});
  sdk::Result<sdk::json::value> post(const sdk::CallContext& context, const std::string& path, const std::string& group,
                                     const Fields& form, const std::string& idempotency_key);
  sdk::Result<sdk::json::value> remove(const sdk::CallContext& context, const std::string& path,
                                       const std::string& group);

 private:
  sdk::Result<sdk::json::value> send(const sdk::CallContext& context, sdk::HttpRequest request);
  sdk::HttpRequest request(const std::string& method, const std::string& path, const std::string& group) const;
  std::string base_;
  std::string key_;
  std::string version_;
  std::string account_;
  sdk::HttpClient& http_;
};

}  // namespace patchbay::stripe
