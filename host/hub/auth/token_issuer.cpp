#include "hub/auth/token_issuer.hpp"

#include "platform/base/ids.hpp"

namespace patchbay::auth {
namespace {

sdk::Error invalid_token() {
  return sdk::auth_error("auth.invalid_token", "Invalid token");
}

long long seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

sdk::Result<TokenIssuer> TokenIssuer::make(std::string_view configured_secret, const base::SecretBox& box,
                                           const AuthSettings& settings, const sdk::Clock& clock) {
  const std::string secret = configured_secret.empty() ? box.derive("auth.jwt") : std::string(configured_secret);
  PATCHBAY_ASSIGN(oauth::JwtKey key, oauth::JwtKey::make(secret));
  return TokenIssuer(std::move(key), settings, clock);
}

sdk::Result<AccessToken> TokenIssuer::issue(const User& user, const std::string& session_id) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_->now());
  const auto expires_at = now + std::chrono::duration_cast<std::chrono::seconds>(settings_.access_token_ttl);
  sdk::json::object claims;
  claims["iss"] = settings_.issuer;
  claims["sub"] = user.id;
  claims["username"] = user.username;
  claims["role"] = user.role;
  claims["sid"] = session_id;
  if (!user.client_id.empty()) claims["clientId"] = user.client_id;
  claims["iat"] = seconds_of(now);
  claims["exp"] = seconds_of(expires_at);
  claims["jti"] = base::random_token(9);  // two tokens of one second differ
  PATCHBAY_ASSIGN(std::string token, key_.sign(claims));
  return AccessToken{std::move(token), expires_at};
}

sdk::Result<TokenClaims> TokenIssuer::check(std::string_view token) const {
  const auto claims = key_.verify(token);
  if (!claims.ok()) return invalid_token();
  const sdk::json::value value(*claims);
  TokenClaims checked;
  checked.user_id = sdk::string_at(value, "sub");
  checked.session_id = sdk::string_at(value, "sid");
  const auto* expires = sdk::find_member(value, "exp");
  if (sdk::string_at(value, "iss") != settings_.issuer || !base::is_uuid(checked.user_id) ||
      !base::is_uuid(checked.session_id) || expires == nullptr || !expires->is_int64()) {
    return invalid_token();
  }
  // A date far beyond any token's life would overflow the clock's type.
  if (expires->get_int64() < 0 || expires->get_int64() > 9'000'000'000) return invalid_token();
  checked.expires_at = std::chrono::system_clock::time_point(std::chrono::seconds(expires->get_int64()));
  if (clock_->now() >= checked.expires_at) return sdk::auth_error("auth.token_expired", "The token has expired");
  return checked;
}

}  // namespace patchbay::auth
