#include "engine/oauth/token_endpoint.hpp"

#include "engine/oauth/liboauth2_client_auth.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>
#include <set>

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

std::optional<sdk::SystemTime> after_seconds(const sdk::json::value& answer, std::string_view name,
                                             sdk::SystemTime now) {
  constexpr std::int64_t kLongest = 10ll * 365 * 24 * 3600;
  const auto* lifetime = sdk::find_member(answer, name);
  if (lifetime == nullptr || !lifetime->is_int64()) return std::nullopt;
  return now + std::chrono::seconds(std::clamp<std::int64_t>(lifetime->as_int64(), 0, kLongest));
}

std::optional<sdk::SystemTime> expiry_of(const sdk::json::value& answer, const std::string& token,
                                         const sdk::OAuth2Description& endpoints, sdk::SystemTime now) {
  if (const auto told = after_seconds(answer, "expires_in", now)) return told;
  if (const auto stated = sdk::parse_time(sdk::string_at(answer, "expires_at")); stated.ok()) return *stated;
  if (const auto own = jwt_expiry(token)) return own;
  if (!endpoints.tokens_expire) return std::nullopt;
  return now + endpoints.default_lifetime;
}

/// The life of the refresh token has no standard name; these two are in use.
std::optional<sdk::SystemTime> renewable_until(const sdk::json::value& answer, sdk::SystemTime now) {
  for (const char* name : {"refresh_token_expires_in", "x_refresh_token_expires_in"}) {
    if (const auto told = after_seconds(answer, name, now)) return told;
  }
  return std::nullopt;
}

/// Scopes are separated by blanks in the standard and by commas at some services.
std::vector<std::string> split_scopes(std::string_view text) {
  std::vector<std::string> scopes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ,"), text.size());
    if (end > 0) scopes.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return scopes;
}

/// The error code of an answer, safe to show: a service could put anything there.
std::string error_code(const sdk::json::value& answer) {
  const std::string code = sdk::string_at(answer, "error");
  const bool plain = code.size() <= 60 && std::all_of(code.begin(), code.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                              c == '-' || c == '.';
                     });
  return plain ? code : std::string();
}

std::chrono::seconds retry_after(const sdk::HttpResponse& response) {
  const auto header = sdk::find_header(response.headers, "Retry-After");
  long seconds = 0;
  if (header) std::from_chars(header->data(), header->data() + header->size(), seconds);
  return seconds > 0 ? std::min(std::chrono::seconds(seconds), std::chrono::seconds(300)) : std::chrono::seconds(10);
}

enum class Refusal { kGrantIsDead, kPassing, kWrongRequest };

/// What a refusal means. Without a code the status tells.
Refusal meaning_of(int status, const std::string& code) {
  static const std::set<std::string_view> kDead = {"invalid_grant", "unauthorized_client", "access_denied",
                                                   "invalid_code",  "code_already_used",   "invalid_refresh_token",
                                                   "token_revoked", "token_expired",       "account_inactive"};
  static const std::set<std::string_view> kPassing = {
      "ratelimited", "temporarily_unavailable", "service_unavailable", "internal_error", "server_error",
      "fatal_error", "request_timeout"};
  if (kDead.count(code) != 0) return Refusal::kGrantIsDead;
  if (kPassing.count(code) != 0) return Refusal::kPassing;
  const bool refused = status == 400 || status == 401 || status == 403;
  return code.empty() && refused ? Refusal::kGrantIsDead : Refusal::kWrongRequest;
}

sdk::Error refusal_of(const sdk::HttpResponse& response) {
  if (response.status == 429) {
    return sdk::rate_limited_error("token.rate_limited", "the service asks to wait before a token is refreshed",
                                   retry_after(response));
  }
  std::string what = std::to_string(response.status);
  if (response.status >= 500)
    return sdk::transient_error("token.unavailable", "the service's token endpoint answered " + what);
  const auto answer = sdk::parse_json(response.body, {kAnswerBytesMax, 16});
  const std::string code = error_code(answer.ok() ? *answer : sdk::json::value());
  if (!code.empty()) what += ", " + code;
  switch (meaning_of(response.status, code)) {
    case Refusal::kGrantIsDead:
      return sdk::auth_error("token.refused",
                             "the service no longer accepts the authorisation (" + what + "); connect it again");
    case Refusal::kPassing:
      return sdk::transient_error("token.unavailable", "the service's token endpoint answered " + what);
    case Refusal::kWrongRequest:
      break;
  }
  return sdk::permanent_error(
      "token.rejected", "the service's token endpoint refused the request (" + what + "); check client id and secret");
}

sdk::Result<Grant> ask(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                       const std::vector<std::pair<std::string, std::string>>& parameters, sdk::SystemTime now) {
  PATCHBAY_ASSIGN(const sdk::HttpRequest request, make_token_request(client, parameters));
  auto response = http.send(context, request);
  if (!response.ok()) {
    sdk::Error error = std::move(response).error();
    const bool never_left = error.code == "http.connect";
    const bool cut_off =
        error.error_class == sdk::ErrorClass::kTransient || error.error_class == sdk::ErrorClass::kCancelled;
    if (never_left || !cut_off) return error;
    return sdk::transient_error("token.no_answer", "the service's token endpoint did not answer: " + error.message);
  }
  return read_grant(*response, client.endpoints, now);
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
  for (const auto& parameter : client.endpoints.authorize_parameters) query.push_back(parameter);
  const std::string& base = client.endpoints.authorize_url;
  return base + (base.find('?') == std::string::npos ? "?" : "&") + sdk::form_encode(query);
}

sdk::Result<Grant> exchange_code(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                                 const std::string& code, const std::string& redirect_uri,
                                 const std::string& code_verifier, sdk::SystemTime now) {
  std::vector<std::pair<std::string, std::string>> parameters{
      {"grant_type", "authorization_code"}, {"code", code}, {"redirect_uri", redirect_uri}};
  if (client.endpoints.pkce) parameters.emplace_back("code_verifier", code_verifier);
  return ask(http, context, client, parameters, now);
}

sdk::Result<Grant> client_credentials(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                                      sdk::SystemTime now) {
  std::vector<std::pair<std::string, std::string>> parameters{{"grant_type", "client_credentials"}};
  if (!client.endpoints.scopes.empty())
    parameters.emplace_back("scope", join(client.endpoints.scopes, client.endpoints.scope_separator));
  return ask(http, context, client, parameters, now);
}

sdk::Result<Grant> refresh(sdk::HttpClient& http, const sdk::CallContext& context, const OAuthClient& client,
                           const std::string& refresh_token, sdk::SystemTime now) {
  PATCHBAY_ASSIGN(Grant grant,
                  ask(http, context, client, {{"grant_type", "refresh_token"}, {"refresh_token", refresh_token}}, now));
  // A service that does not rotate may leave it out; then the old one stays good.
  if (grant.tokens.refresh_token.empty()) grant.tokens.refresh_token = refresh_token;
  grant.same_refresh_token = grant.tokens.refresh_token == refresh_token;
  return grant;
}

sdk::Result<Grant> read_grant(const sdk::HttpResponse& response, const sdk::OAuth2Description& endpoints,
                              sdk::SystemTime now) {
  if (response.status < 200 || response.status > 299) return refusal_of(response);
  const auto answer = sdk::parse_json(response.body, {kAnswerBytesMax, 16});
  if (!answer.ok())
    return sdk::transient_error("token.unreadable", "the service's token endpoint did not answer in JSON");
  if (!endpoints.success_member.empty()) {
    const auto* success = sdk::find_member(*answer, endpoints.success_member);
    if (success != nullptr && success->is_bool() && !success->get_bool()) return refusal_of(response);
  }
  Grant grant;
  grant.tokens.access_token = sdk::string_at(*answer, "access_token");
  grant.tokens.refresh_token = sdk::string_at(*answer, "refresh_token");
  if (grant.tokens.access_token.empty()) {
    return sdk::transient_error("token.unreadable", "the service's token endpoint answered without an access token");
  }
  grant.tokens.expires_at = expiry_of(*answer, grant.tokens.access_token, endpoints, now);
  grant.scopes = split_scopes(sdk::string_at(*answer, "scope"));
  grant.renewable_until = renewable_until(*answer, now);
  return grant;
}

std::vector<std::string> missing_scopes(const std::vector<std::string>& wanted,
                                        const std::vector<std::string>& granted) {
  std::vector<std::string> missing;
  if (granted.empty()) return missing;
  for (const std::string& scope : wanted) {
    if (std::find(granted.begin(), granted.end(), scope) == granted.end()) missing.push_back(scope);
  }
  return missing;
}

}  // namespace patchbay::oauth
