// Slack's Web API: one call is one method, form-encoded, and 200 says nothing before `ok` has been read.
// Facts: docs.slack.dev (Web API, rate limits, token rotation, errors of each method).
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <utility>
#include <vector>

namespace patchbay::slack {

using Arguments = std::vector<std::pair<std::string, std::string>>;

/// What an answer means: its object, or the error class of whatever went wrong, at whatever status.
sdk::Result<sdk::json::value> read_answer(const std::string& method, const sdk::HttpResponse& response);

/// Calls of one connection; used by one thread at a time.
class Api {
 public:
  Api(const sdk::ConnectionSettings& settings, sdk::HostServices services);

  /// `repeatable`: calling it again does no harm, so the host may after a broken connection. Refreshes an expired token
  /// once.
  sdk::Result<sdk::json::value> call(const sdk::CallContext& context, const std::string& method,
                                     const Arguments& arguments, bool repeatable = true);
  /// The bytes of a file to the address that files.getUploadURLExternal gave. The answer has no `ok`: only its status
  /// counts.
  sdk::Result<void> upload(const sdk::CallContext& context, const std::string& url, sdk::HttpRequest body);

 private:
  sdk::Result<std::string> token(const sdk::CallContext& context);
  sdk::Result<sdk::HttpResponse> post(const sdk::CallContext& context, const std::string& method,
                                      const std::string& body, bool repeatable, const std::string& token);
  bool is_upload_address(const std::string& url) const;

  std::string base_;
  std::string bot_token_;
  sdk::HostServices services_;
};

}  // namespace patchbay::slack
