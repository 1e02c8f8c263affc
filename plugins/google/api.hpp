// Google's HTTP conventions: three APIs behind one token, what an answer means, which budget a call spends from.
// Facts: developers.google.com (calendar v3, gmail v1, drive v3, OAuth 2.0), discovery documents.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <utility>
#include <vector>

namespace patchbay::google {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Where a path hangs: each API has a host of its own, and below the option `apiBase` a path of its own.
enum class Root { kCalendar, kGmail, kDrive, kDriveUpload, kTokenInfo };

/// One call; `path` begins with a slash, its parts are percent-encoded already.
struct Call {
  Root root = Root::kCalendar;
  std::string method = "GET";
  std::string path;
  Fields query;
  std::string body;
  std::string content_type = "application/json; charset=UTF-8";
  sdk::Headers headers;
  std::string url;  // instead of root and path: an upload session
  double cost = 1;
  bool retry_safe = false;
};

/// What a response that is no success means. Both shapes are read: the APIs' object and OAuth's flat one.
sdk::Error error_of(const sdk::HttpResponse& response);
/// `reason` of an error body: from `errors[]`, else from `details[]`, else the status word.
std::string reason_of(const sdk::json::value& body);

/// Calls of one connection; used by one thread at a time.
class Api {
 public:
  Api(const sdk::ConnectionSettings& settings, sdk::HostServices services);

  /// The JSON of a success; an empty 204 is null. A refused token is renewed once.
  sdk::Result<sdk::json::value> json(const sdk::CallContext& context, Call call);
  /// The response of a success or of a 308 (an upload that goes on); anything else is an error.
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const Call& call);
  /// What Google knows of the token: scope, email, expires_in. The token goes into the body, never into the URL.
  sdk::Result<sdk::json::value> token_info(const sdk::CallContext& context);
  /// Whether an address that Google gave belongs to the API that it was asked of.
  bool is_own_address(Root root, const std::string& url) const;

 private:
  std::string root_of(Root root) const;
  sdk::Result<sdk::HttpResponse> attempt(const sdk::CallContext& context, const Call& call, const std::string& token);
  std::string base_;  // empty: Google's own hosts
  sdk::HostServices services_;
};

/// A JSON body as it is sent.
std::string body_text(const sdk::json::value& value);
/// The array at a member; empty where there is none.
sdk::json::array items_at(const sdk::json::value& value, std::string_view member);
/// A number that Google writes as a text (int64) or as a number; empty where there is none.
std::string number_at(const sdk::json::value& value, std::string_view path);

}  // namespace patchbay::google
