// The routes below /auth (and their second names /login, /register).
#pragma once

#include "engine/gateway/route.hpp"
#include "engine/policy/policy.hpp"
#include "hub/auth/sign_in.hpp"
#include "hub/auth/user_account.hpp"

#include <functional>
#include <string>

namespace patchbay::auth {

/// Makes the client of a self-registered user inside the given transaction and answers its id: the write itself is the
/// resource layer's (`type` is INDIVIDUAL or BUSINESS).
struct NewClient {
  std::string name, type, email, phone;
};
using MakeClient = std::function<sdk::Result<std::string>(storage::Session&, const NewClient&)>;

struct AuthApiParts {
  storage::Database& database;
  SignIn& sign_in;
  const UserStore& users;
  const SessionStore& sessions;
  const PasswordHasher& hasher;
  const policy::Policy& policy;
  const sdk::Clock& clock;
};

/// Outlives the gateway that serves its routes. Thread-safe.
class AuthApi {
 public:
  /// Without `make_client` registration answers as if it were off.
  AuthApi(AuthApiParts parts, const AuthSettings& settings, MakeClient make_client = {});
  gateway::Routes routes();

 private:
  using Context = gateway::RequestContext;
  using Answer = sdk::Result<http::Response>;

  void add_credential_routes(gateway::Routes& routes);
  void add_session_routes(gateway::Routes& routes);
  Answer login(const Context& context);
  Answer refresh(const Context& context);
  Answer logout(const Context& context);
  Answer change_password(const Context& context);
  Answer register_user(const Context& context);
  Answer me(const Context& context);
  Answer list_sessions(const Context& context);
  Answer end_session(const Context& context);
  sdk::Result<User> create_registered(const UserRequest& request, const std::string& company, bool may_rename);

  AuthApiParts parts_;
  AuthSettings settings_;
  MakeClient make_client_;
};

}  // namespace patchbay::auth
