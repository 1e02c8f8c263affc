#include "engine/oauth/token_endpoint.hpp"

#include "engine/oauth/liboauth2_client_auth.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>

namespace patchbay::oauth {
namespace {

constexpr std::size_t kAnswerBytesMax = 256 * 1024;

std::string join(const std::vector<std::string>& words, const std::string& separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

/// `exp` of a JWT, unchecked: the token is the service's own and only its lifetime is of interest here.
std::optional<sdk::SystemTime> jwt_expiry(const std::string& token) {
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const auto payload = sdk::base64_decode(std::string_view(token).substr(first + 1, second - first - 1));
  if (!payload.ok()) return std::nullopt;
  const auto claims = sdk::parse_json(*payload, {64 * 1024, 16});
  if (!claims.ok()) return std::nullopt;
  const auto* expiry = sdk::find_member(*claims, "exp");
  if (expiry == nullptr || !expiry->is_int64() || expiry->as_int64() <= 0) return std::nullopt;
  return sdk::SystemTime(std::chrono::seconds(expiry->as_int64()));
}

sdk::SystemTime expiry_of(const sdk::json::value& answer, const std::string& token,
                          const sdk::OAuth2Description& endpoints, sdk::SystemTime now) {
  if (const auto* lifetime = sdk::find_member(answer, "expires_in"); lifetime != nullptr && lifetime->is_int64()) {
    return now + std::chrono::seconds(std::clamp<std::int64_t>(lifetime->as_int64(), 0, 10ll * 365 * 24 * 3600));
  }
  if (const auto stated = sdk::parse_time(sdk::string_at(answer, "expires_at")); stated.ok()) return *stated;
  if (const auto own = jwt_expiry(token)) return *own;
  return now + endpoints.default_lifetime;
}

/// Whether a refusal means that the grant is dead, as opposed to a wrong request or a passing fault.
bool grant_is_dead(int status, const sdk::json::value& answer) {
  const std::string code = sdk::string_at(answer, "error");
  if (code == "invalid_grant" || code == "unauthorized_client" || code == "access_denied") return true;
  return code.empty() && (status == 400 || status == 401 || status == 403);
}

sdk::Error refusal_of(const sdk::HttpResponse& response) {
  const std::string status = std::to_string(response.status);
  if (response.status == 429) {
    return sdk::rate_limited_error("token.rate_limited", "the service asks to wait before a token is refreshed",
                                   std::chrono::seconds(10));
  }
  if (response.status >= 500)
    return sdk::transient_error("token.unavailable", "the service's token endpoint answered " + status);
  const auto answer = sdk::parse_json(response.body, {kAnswerBytesMax, 16});
  const sdk::json::value body = answer.ok() ? *answer : sdk::json::value();
  if (grant_is_dead(response.status, body)) {
    return sdk::auth_error("token.refused",
                           "the service no longer accepts the authorisation (" + status + "); connect it again");
  }
  const std::string code = sdk::string_at(body, "error");
  return sdk::permanent_error("token.rejected", "the service's token endpoint refused the request (" + status +
                                                    (code.empty() ? "" : ", " + code) +
                                                    "); check client id and secret");
}

sdk::Result<sdk::TokenGrant> ask(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                                 const std::vector<std::pair<std::string, std::string>>& parameters,
                                 sdk::SystemTime now) {
  PATCHBAY_ASSIGN(const sdk::HttpRequest request, make_token_request(client, parameters));
  PATCHBAY_ASSIGN(const sdk::HttpResponse response, http.send(context, request));
  return read_grant(response, client.endpoints, now);
}

}  // namespace

std::string authorize_url(const OAuthClient& client, const std::string& redirect_uri, const std::string& state,
                          const std::string& code_challenge) {
  std::vector<std::pair<std::string, std::string>> query{
      {"response_type", "code"}, {"client_id", client.client_id}, {"redirect_uri", redirect_uri}, {"state", state}};
  if (!client.endpoints.scopes.empty())
    query.emplace_back("scope", join(client.endpoints.scopes, client.endpoints.scope_separator));
  if (client.endpoints.pkce) {
    query.emplace_back("code_challenge", code_challenge);
    query.emplace_back("code_challenge_method", "S256");
  }
  const std::string& base = client.endpoints.authorize_url;
  return base + (base.find('?') == std::string::npos ? "?" : "&") + sdk::form_encode(query);
}

sdk::Result<sdk::TokenGrant> exchange_code(sdk::HttpClient& http, const sdk::CallContext& context,
                                           const OAuthClient& client, const std::string& code,
                                           const std::string& redirect_uri, const std::string& code_verifier,
                                           sdk::SystemTime now) {
  std::vector<std::pair<std::string, std::string>> parameters{
      {"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", redirect_uri}};
  if (client.endpoints.pkce) parameters.emplace_back("code_verifier", code_verifier);
  return ask(http, context, client, parameters, now);
}

sdk::Result<sdk::TokenGrant> refresh(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                                     const std::string& refresh_token, sdk::SystemTime now) {
  PATCHBAY_ASSIGN(sdk::TokenGrant grant,
                  ask(http, context, client, {{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}}, now));
  // A service that does not rotate may leave it out; then the old one stays good.
  if (grant.refresh_token.empty()) grant.refresh_token = refresh_token;
  return grant;
}

sdk::Result<sdk::TokenGrant> read_grant(const sdk::HttpResponse& response, const sdk::OAuth2Description& endpoints,
                                        sdk::SystemTime now) {
  if (response.status < 200 || response.status > 299) return refusal_of(response);
  const auto answer = sdk::parse_json(response.body, {kAnswerBytesMax, 16});
  if (!answer.ok())
    return sdk::transient_error("token.unreadable", "the service's token endpoint did not answer in JSON");
  sdk::TokenGrant grant;
  grant.access_token = sdk::string_at(*answer, "access_token");
  grant.refresh_token = sdk::string_at(*answer, "refresh_token");
  if (grant.access_token.empty()) {
    return sdk::transient_error("token.unreadable", "the service's token endpoint answered without an access token");
  }
  grant.expires_at = expiry_of(*answer, grant.access_token, endpoints, now);
  return grant;
}

}  // namespace patchbay::oauth
