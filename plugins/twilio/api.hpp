// Twilio's HTTP conventions: Basic authentication, form bodies, what an answer means.
#pragma once

#include "form.hpp"

#include <string>
#include <string_view>

namespace patchbay::twilio {

/// What a response that is no success means for the caller. By Twilio's code where there is one, else by the status.
/// An error about the recipient or the text names the field: another sender would be refused as well.
sdk::Error error_of(const sdk::HttpResponse& response);

/// Calls of one account. Paths are below /2010-04-01/Accounts/{AccountSid}/, with their ".json".
class Api {
 public:
  Api(const sdk::ConnectionSettings& settings, sdk::HttpClient& http);
  const std::string& account_sid() const { return account_sid_; }

  /// `group`: the call without ids, for the budgets ("GET Messages").
  sdk::Result<sdk::json::value> get(const sdk::CallContext& context, const std::string& path, const std::string& group,
                                    const Fields& query = {});
  /// A host-relative address that Twilio gave (next_page_uri), as it is.
  sdk::Result<sdk::json::value> get_uri(const sdk::CallContext& context, const std::string& uri,
                                        const std::string& group);
  /// Never repeated by the host: Twilio knows no idempotency keys.
  sdk::Result<sdk::json::value> post(const sdk::CallContext& context, const std::string& path, const std::string& group,
                                     const Fields& form);
  sdk::Result<void> remove(const sdk::CallContext& context, const std::string& path, const std::string& group);
  /// The bytes behind a path without ".json"; follows a redirect to where Twilio keeps them, without the credentials.
  sdk::Result<sdk::HttpResponse> download(const sdk::CallContext& context, const std::string& path,
                                          const std::string& group);

 private:
  sdk::Result<sdk::HttpResponse> send(const sdk::CallContext& context, const sdk::HttpRequest& request);
  sdk::Result<sdk::json::value> send_json(const sdk::CallContext& context, const sdk::HttpRequest& request);
  sdk::HttpRequest request(const std::string& method, const std::string& url, const std::string& group) const;
  std::string url_of(const std::string& path) const;

  std::string base_;
  std::string account_sid_;
  std::string authorization_;  // empty: a credential is missing
  sdk::HttpClient& http_;
};

/// "Thu, 24 Aug 2023 05:01:45 +0000"; nullopt for anything else.
std::optional<sdk::SystemTime> parse_date(std::string_view text);

}  // namespace patchbay::twilio
