// Bearer tokens to principals, fast: a token that was verified is remembered until it expires.
#pragma once

#include "engine/gateway/authenticator.hpp"
#include "hub/auth/session_directory.hpp"
#include "hub/auth/token_issuer.hpp"

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace patchbay::auth {

/// Thread-safe.
class TokenAuthenticator : public gateway::Authenticator {
 public:
  TokenAuthenticator(const TokenIssuer& issuer, SessionDirectory& directory, const sdk::Clock& clock);

  std::optional<sdk::Result<policy::Principal>> try_authenticate(const http::Request& request) override;
  sdk::Result<policy::Principal> authenticate_blocking(const http::Request& request) override;
  /// The same for a token that came by another way (a WebSocket's first message).
  std::optional<sdk::Result<policy::Principal>> try_token(std::string_view token);
  sdk::Result<policy::Principal> authenticate_token(std::string_view token);

 private:
  struct Verified {
    std::string session_id;
    std::chrono::system_clock::time_point expires_at;
  };
  std::optional<Verified> find_verified(const std::string& token_hash);
  void remember(const std::string& token_hash, const TokenClaims& claims);

  const TokenIssuer& issuer_;
  SessionDirectory& directory_;
  const sdk::Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Verified> verified_;  // by SHA-256: no token is kept
};

}  // namespace patchbay::auth
