// Jobber's one endpoint: sends documents, reads what an answer means, remembers the query cost bucket.
// Facts: developer.getjobber.com (API rate limits, versioning, refresh token rotation, handling API errors).
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <chrono>
#include <map>
#include <string>

namespace patchbay::jobber {

/// State of the cost bucket (`extensions.cost.throttleStatus`) as the last answer told it.
struct CostBucket {
  double maximum = 0, available = 0, restore_per_second = 0;
  std::chrono::system_clock::time_point at;

  /// How long until `cost` points are there; zero while nothing is known.
  std::chrono::milliseconds wait_for(double cost, std::chrono::system_clock::time_point now) const;
};

/// Meaning of an answer: the `data` object, or the error class of every failure shape that Jobber has.
sdk::Result<sdk::json::value> read_answer(const sdk::HttpResponse& response, sdk::Logger& logger);

/// The error of a mutation's userErrors, or success.
sdk::Result<void> check_user_errors(const sdk::json::value& payload);

/// One connection; used by one thread at a time.
class GraphQl {
 public:
  GraphQl(const sdk::ConnectionSettings& settings, sdk::HostServices services);
  /// Runs a document. Refreshes the token once where Jobber refuses it; waits are the host's (kRateLimited with the
  /// time).
  sdk::Result<sdk::json::value> run(const sdk::CallContext& context, const std::string& operation,
                                    const std::string& document, const sdk::json::object& variables);

  /// What the last answer said of the API version; empty: nothing.
  const std::string& version_warning() const { return version_warning_; }
  const std::string& answered_version() const { return answered_version_; }
  const std::string& asked_version() const { return version_; }

 private:
  sdk::Result<sdk::HttpResponse> post(const sdk::CallContext& context, const std::string& body,
                                      const std::string& token);
  void remember_extensions(const std::string& operation, const sdk::HttpResponse& response);
  std::string url_;
  std::string version_;
  sdk::HostServices services_;
  std::string version_warning_, answered_version_;
  CostBucket bucket_;
  std::map<std::string, double> cost_of_;  // requested cost of an operation as the last answer told it
};

}  // namespace patchbay::jobber
