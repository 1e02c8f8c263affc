#include "app/socket_access.hpp"

namespace patchbay::app {

sdk::Result<events::SocketIdentity> SocketAccess::authenticate(const std::string& token) {
  PATCHBAY_ASSIGN(const auth::TokenClaims claims, issuer_.check(token));
  PATCHBAY_ASSIGN(policy::Principal principal, tokens_.authenticate_token(token));
  if (principal.password_change_required) {
    return sdk::permanent_error("policy.forbidden", "the password must be changed first");
  }
  return events::SocketIdentity{std::move(principal), claims.expires_at};
}

sdk::Result<void> SocketAccess::check(const events::SocketIdentity& identity) {
  PATCHBAY_TRY(sessions_.get(identity.principal.session_id));
  return {};
}

}  // namespace patchbay::app
