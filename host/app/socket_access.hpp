#pragma once

#include "engine/events/websocket_access.hpp"
#include "hub/auth/session_directory.hpp"
#include "hub/auth/token_authenticator.hpp"
#include "hub/auth/token_issuer.hpp"

namespace patchbay::app {

/// Lets the socket hub ask the sign-in whose token it was given.
class SocketAccess : public events::SocketAuthenticator {
 public:
  SocketAccess(const auth::TokenIssuer& issuer, auth::TokenAuthenticator& tokens, auth::SessionDirectory& sessions)
      : issuer_(issuer), tokens_(tokens), sessions_(sessions) {}
  sdk::Result<events::SocketIdentity> authenticate(const std::string& token) override;
  sdk::Result<void> check(const events::SocketIdentity& identity) override;

 private:
  const auth::TokenIssuer& issuer_;
  auth::TokenAuthenticator& tokens_;
  auth::SessionDirectory& sessions_;
};

}  // namespace patchbay::app
