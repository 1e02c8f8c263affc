// Signing in, refreshing, changing a password: what the routes call.
#pragma once

#include "engine/gateway/security_audit.hpp"
#include "hub/auth/password.hpp"
#include "hub/auth/session_directory.hpp"
#include "hub/auth/session_store.hpp"
#include "hub/auth/token_issuer.hpp"
#include "hub/auth/user_store.hpp"
#include "platform/base/metrics.hpp"

#include <string>

namespace patchbay::auth {

/// From where a request came; goes into the session's row and the audit trail.
struct Origin {
  std::string address, user_agent, request_id;
};

struct SignedIn {
  User user;
  AccessToken access;
  std::string refresh_token;
  bool password_change_required = false;
};

/// What signing in works with. All outlive it.
struct SignInParts {
  storage::Database& database;
  const UserStore& users;
  const SessionStore& sessions;
  SessionDirectory& directory;
  const TokenIssuer& tokens;
  const PasswordHasher& hasher;
  gateway::SecurityAudit& audit;
  const sdk::Clock& clock;
  base::Metrics& metrics;
};

/// Thread-safe; blocks.
class SignIn {
 public:
  SignIn(SignInParts parts, const AuthSettings& settings);

  /// kAuth "auth.invalid_credentials", the same answer after the same work for an unknown user and a wrong password.
  sdk::Result<SignedIn> login(const std::string& login, const std::string& password, const Origin& origin);
  /// kAuth "auth.invalid_refresh_token".
  sdk::Result<SignedIn> refresh(const std::string& refresh_token, const Origin& origin);
  /// A session for a user who has shown already who he is (registration).
  sdk::Result<SignedIn> open_session(const User& user, const Origin& origin);
  /// Ends the user's other sessions. kInvalid "auth.wrong_password", "auth.weak_password", "auth.same_password".
  sdk::Result<void> change_password(const policy::Principal& principal, const std::string& current,
                                    const std::string& next, const Origin& origin);
  /// false: not a live session of this user.
  sdk::Result<bool> end_session(const std::string& user_id, const std::string& session_id, std::string_view reason);

 private:
  sdk::Error refuse(const std::string& login, const User* user, std::string_view why, const Origin& origin);
  void rehash_if_needed(const User& user, const std::string& password);

  SignInParts parts_;
  AuthSettings settings_;
  base::Counter succeeded_, failed_, reused_;
};

}  // namespace patchbay::auth
