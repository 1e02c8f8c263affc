// Access tokens: short-lived JWTs that name the user and the session.
#pragma once

#include "engine/oauth/liboauth2_jwt.hpp"
#include "hub/auth/settings.hpp"
#include "hub/auth/user_store.hpp"
#include "platform/base/secret_box.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <chrono>
#include <string>

namespace patchbay::auth {

struct AccessToken {
  std::string token;
  std::chrono::system_clock::time_point expires_at;
};

struct TokenClaims {
  std::string user_id, session_id;
  std::chrono::system_clock::time_point expires_at;
};

/// Immutable; thread-safe.
class TokenIssuer {
 public:
  /// Signs with `configured_secret` (auth.jwt_secret) or, where it is empty, with a key derived from `box`.
  static sdk::Result<TokenIssuer> make(std::string_view configured_secret, const base::SecretBox& box,
                                       const AuthSettings& settings, const sdk::Clock& clock);
  sdk::Result<AccessToken> issue(const User& user, const std::string& session_id) const;
  /// kAuth "auth.invalid_token", "auth.token_expired". Whether the session still lives is not known here.
  sdk::Result<TokenClaims> check(std::string_view token) const;

 private:
  TokenIssuer(oauth::JwtKey key, const AuthSettings& settings, const sdk::Clock& clock)
      : key_(std::move(key)), settings_(settings), clock_(&clock) {}

  oauth::JwtKey key_;
  AuthSettings settings_;
  const sdk::Clock* clock_;
};

}  // namespace patchbay::auth
