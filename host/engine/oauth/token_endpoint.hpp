// OAuth 2.0 towards a service's token endpoint: what is sent and how the answer is read.
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/description.hpp>
#include <patchbay/sdk/host_services.hpp>
#include <patchbay/sdk/records.hpp>

#include <string>

namespace patchbay::oauth {

/// The client that a business has registered with the service.
struct OAuthClient {
  sdk::OAuth2Description endpoints;  // with the connection's own URLs filled in
  std::string client_id;
  std::string client_secret;
};

/// Where the owner's browser is sent.
std::string authorize_url(const OAuthClient& client, const std::string& redirect_uri, const std::string& state,
                          const std::string& code_challenge);

/// Exchanges a code. Errors as refresh.
sdk::Result<sdk::TokenGrant> exchange_code(sdk::HttpClient& http, const sdk::CallContext& context,
                                           const OAuthClient& client, const std::string& code,
                                           const std::string& redirect_uri, const std::string& code_verifier,
                                           sdk::SystemTime now);

/// Refreshes. kAuth "token.refused" when the service says the refresh token is dead; kTransient where asking again may
/// help. The expiry is read from expires_in, else expires_at, else the access token's own `exp`, else the described
/// lifetime.
sdk::Result<sdk::TokenGrant> refresh(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                                     const std::string& refresh_token, sdk::SystemTime now);

/// Reads an answer of the token endpoint (exposed for its test).
sdk::Result<sdk::TokenGrant> read_grant(const sdk::HttpResponse& response, const sdk::OAuth2Description& endpoints,
                                        sdk::SystemTime now);

}  // namespace patchbay::oauth
