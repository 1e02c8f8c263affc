#include "hub/auth/token_authenticator.hpp"

#include "platform/base/digest.hpp"

namespace patchbay::auth {
namespace {

constexpr std::size_t kVerifiedMax = 50'000;
constexpr std::size_t kTokenBytesMax = 4096;

sdk::Error invalid_token() {
  return sdk::auth_error("auth.invalid_token", "Invalid token");
}

/// nullopt: no credentials at all. An empty token: credentials that are none of ours.
std::optional<std::string_view> token_of(const http::Request& request) {
  const auto header = request.header("Authorization");
  if (!header) return request.header("X-API-Key") ? std::optional<std::string_view>("") : std::nullopt;
  constexpr std::string_view kScheme = "Bearer ";
  if (header->size() <= kScheme.size() || !sdk::equals_ignoring_case(header->substr(0, kScheme.size()), kScheme))
    return "";
  std::string_view token = header->substr(kScheme.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

}  // namespace

TokenAuthenticator::TokenAuthenticator(const TokenIssuer& issuer, SessionDirectory& directory, const sdk::Clock& clock)
    : issuer_(issuer), directory_(directory), clock_(clock) {}

std::optional<sdk::Result<policy::Principal>> TokenAuthenticator::try_authenticate(const http::Request& request) {
  const auto token = token_of(request);
  if (!token) return sdk::Result<policy::Principal>(policy::Principal());
  return try_token(*token);
}

sdk::Result<policy::Principal> TokenAuthenticator::authenticate_blocking(const http::Request& request) {
  const auto token = token_of(request);
  if (!token) return policy::Principal();
  return authenticate_token(*token);
}

std::optional<sdk::Result<policy::Principal>> TokenAuthenticator::try_token(std::string_view token) {
  if (token.empty() || token.size() > kTokenBytesMax) return sdk::Result<policy::Principal>(invalid_token());
  const auto verified = find_verified(base::sha256(token));
  if (!verified) return std::nullopt;
  const auto session = directory_.find_fresh(verified->session_id);
  if (!session) return std::nullopt;
  return sdk::Result<policy::Principal>(session->principal);
}

sdk::Result<policy::Principal> TokenAuthenticator::authenticate_token(std::string_view token) {
  if (token.empty() || token.size() > kTokenBytesMax) return invalid_token();
  const std::string hash = base::sha256(token);
  if (const auto verified = find_verified(hash)) {
    PATCHBAY_ASSIGN(const auto session, directory_.get(verified->session_id));
    return session->principal;
  }
  PATCHBAY_ASSIGN(const TokenClaims claims, issuer_.check(token));
  PATCHBAY_ASSIGN(const auto session, directory_.get(claims.session_id));
  // The signature proves who signed, the row whose session it is: both must say the same.
  if (session->principal.user_id != claims.user_id) return invalid_token();
  remember(hash, claims);
  return session->principal;
}

std::optional<TokenAuthenticator::Verified> TokenAuthenticator::find_verified(const std::string& token_hash) {
  const std::lock_guard lock(mutex_);
  const auto found = verified_.find(token_hash);
  if (found == verified_.end()) return std::nullopt;
  if (clock_.now() < found->second.expires_at) return found->second;
  verified_.erase(found);
  return std::nullopt;
}

void TokenAuthenticator::remember(const std::string& token_hash, const TokenClaims& claims) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (verified_.size() >= kVerifiedMax) {
    std::erase_if(verified_, [&](const auto& item) { return item.second.expires_at <= now; });
    if (verified_.size() >= kVerifiedMax) verified_.erase(verified_.begin());
  }
  verified_.insert_or_assign(token_hash, Verified{claims.session_id, claims.expires_at});
}

}  // namespace patchbay::auth
