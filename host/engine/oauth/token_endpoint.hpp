// OAuth 2.0 towards a service's token endpoint: what is sent and how the answer is read.
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/description.hpp>
#include <patchbay/sdk/host_services.hpp>
#include <patchbay/sdk/records.hpp>

#include <optional>
#include <string>
#include <vector>

namespace patchbay::oauth {

/// The client that a business has registered with the service.
struct OAuthClient {
  sdk::OAuth2Description endpoints;  // with the connection's own URLs filled in
  std::string client_id;
  std::string client_secret;
};

/// What the token endpoint granted.
struct Grant {
  sdk::TokenGrant tokens;
  std::vector<std::string> scopes;                 // empty: the service does not tell
  std::optional<sdk::SystemTime> renewable_until;  // end of the refresh token's life, where the service tells
  bool same_refresh_token = false;                 // the one that it was got with stays good
};

/// Where the owner's browser is sent.
std::string authorize_url(const OAuthClient& client, const std::string& redirect_uri, const std::string& state,
                          const std::string& code_challenge);

/// Exchanges a code. Errors as refresh.
sdk::Result<Grant> exchange_code(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                                 const std::string& code, const std::string& redirect_uri,
                                 const std::string& code_verifier, sdk::SystemTime now);

/// A token for the client itself (RFC 6749 §4.4). Errors as refresh.
sdk::Result<Grant> client_credentials(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                                      sdk::SystemTime now);

/// Refreshes. kAuth "token.refused" when the service says the refresh token is dead; kTransient where asking again may
/// help, with code "token.no_answer" where the request may have arrived though no answer came.
sdk::Result<Grant> refresh(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                           const std::string& refresh_token, sdk::SystemTime now);

/// Reads an answer of the token endpoint. The expiry is read from expires_in, else expires_at, else the access token's
/// own `exp`, else it is the described lifetime (none where tokens do not expire).
sdk::Result<Grant> read_grant(const sdk::HttpResponse& response, const sdk::OAuth2Description& endpoints,
                              sdk::SystemTime now);

/// Described scopes that are not among the granted ones; empty where the service does not tell what it granted.
std::vector<std::string> missing_scopes(const std::vector<std::string>& wanted,
                                        const std::vector<std::string>& granted);

}  // namespace patchbay::oauth
