// What happens around a connection: it is made, authorised by its owner, tried out, and known to the others.
#pragma once

#include "engine/oauth/token_service.hpp"
#include "hub/connections/client_factory.hpp"
#include "hub/connections/connection_store.hpp"

#include <functional>
#include <string>

namespace patchbay::connections {

/// What the owner's browser brings back from the service.
struct AuthorizationAnswer {
  std::string state;
  std::string code;   // empty: refused
  std::string error;  // the service's code of the refusal
  /// A parameter of the way back, "" where it is missing; asked only for the one that the plugin names.
  std::function<std::string(const std::string& name)> parameter;
};

/// Thread-safe.
class ConnectionFlow {
 public:
  struct Wiring {
    storage::Database& database;
    const plugins::PluginCatalog& catalog;
    ConnectionStore& store;
    ClientFactory& clients;
    oauth::TokenService& tokens;
    sdk::HttpClient& http;
    sdk::Clock& clock;
    std::string public_url;
    /// A connection was made, changed or removed: told to this process and the others.
    std::function<void()> changed;
  };
  explicit ConnectionFlow(Wiring wiring) : wiring_(std::move(wiring)) {}

  /// Runs in the transaction in which a connection has come to work, each time; returns what follows the commit.
  using FirstSync =
      std::function<sdk::Result<std::function<void()>>(storage::Session&, const std::string& connection_id)>;
  /// Before the first call of anything else.
  void on_connected(FirstSync first_sync) { first_sync_ = std::move(first_sync); }

  /// Stores it, then tries it: connected, or needs_reconnect with the service's reason, or new where credentials are
  /// missing, or unreachable where the service gives no answer. kConflict "connection.account_connected" where another
  /// connection has the account: then none is made.
  sdk::Result<Connection> create(const sdk::json::object& body);
  sdk::Result<Connection> update(const std::string& id, const sdk::json::object& changes);
  sdk::Result<void> remove(const std::string& id);
  /// Starts the authorisation: the URL that the owner's browser opens.
  sdk::Result<std::string> authorize(const std::string& id, const std::string& user_id);
  /// The owner came back. `state` may be used once, for ten minutes, and while the user who started it may still sign
  /// in. Returns the connection.
  sdk::Result<Connection> finish_authorization(const AuthorizationAnswer& answer);
  /// A cheap call that proves the connection works; one that was thought not to is connected again.
  sdk::Result<sdk::Health> health(const std::string& id);
  /// Tries the connections again that the service gave no answer to, a few at a time; how many. Every few seconds.
  sdk::Result<std::size_t> retry();

 private:
  struct Trial {
    std::string state, reason;
    sdk::AccountIdentity identity;
  };
  Trial ask(const Connection& connection);
  sdk::Result<void> try_out(const std::string& id);
  void refuse(const Connection& connection, const std::string& reason);
  struct Pending {
    std::string connection_id;
    std::string verifier;
  };
  sdk::Result<Pending> take_state(const std::string& state);
  sdk::Result<std::string> account_of(const sdk::OAuth2Description& endpoints, const Connection& connection,
                                      const AuthorizationAnswer& answer) const;
  sdk::Result<void> store_given_tokens(storage::Session& session, const Connection& connection,
                                       const sdk::json::object& credentials);
  std::string redirect_uri() const { return wiring_.public_url + "/api/v1/oauth/callback"; }
  Wiring wiring_;
  FirstSync first_sync_;
};

}  // namespace patchbay::connections
