// Connections: authorised accounts of connectors. Credentials are sealed at rest and open only in memory.
#pragma once

#include "engine/limits/budgeted_http.hpp"
#include "engine/plugins/catalog.hpp"
#include "platform/base/secret_box.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/service_client.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::connections {

struct Connection {
  std::string id;
  std::string connector;
  std::string name;
  std::string state;  // new, unreachable, connected, needs_reconnect, disconnected
  std::string state_reason;
  std::string account_id;
  std::vector<std::string> granted_scopes;               // empty: the service does not tell
  std::optional<sdk::SystemTime> authorization_ends_at;  // nullopt: the hub can renew it without end
  sdk::ConnectionSettings settings;                      // decrypted; options with defaults filled in
  std::optional<std::chrono::seconds> sync_interval;
  std::int64_t version = 0;
};

/// Why a connection that works needs its owner soon: the hub cannot renew the authorisation beyond a day that is near.
/// Empty: it does not. The state is then shown as "expiring".
std::string expiring_reason(const Connection& connection, sdk::SystemTime now);

/// Thread-safe. Every read goes to PostgreSQL except for verification(), which answers from a snapshot in memory that
/// is refreshed by refresh() (after every change, by event from other hosts, and at least every 30 s).
class ConnectionStore {
 public:
  ConnectionStore(storage::Database& database, const base::SecretBox& box, const plugins::PluginCatalog& catalog);

  sdk::Result<Connection> get(const std::string& id) const;
  sdk::Result<std::vector<Connection>> list() const;
  /// Validates connector, name, options and credentials against the plugin's description.
  sdk::Result<Connection> create(storage::Session& session, const std::string& connector, const std::string& name,
                                 const sdk::json::object& options, const sdk::json::object& credentials) const;
  /// `changes`: name, options (merged), credentials (merged; null removes one).
  sdk::Result<void> update(storage::Session& session, const std::string& id, const sdk::json::object& changes) const;
  sdk::Result<void> set_state(storage::Session& session, const std::string& id, const std::string& state,
                              const std::string& reason) const;
  /// Whose account it is, once that is known. kConflict "connection.account_connected" where another connection has
  /// it: both would bring everything twice. What a removed connection of the account knew becomes this one's.
  sdk::Result<void> set_account(storage::Session& session, const Connection& connection,
                                const sdk::AccountIdentity& identity) const;
  sdk::Result<void> remove(storage::Session& session, const std::string& id) const;

  using Snapshot = std::shared_ptr<const std::vector<Connection>>;
  /// nullptr while nothing has been loaded yet (webhooks then answer 503).
  Snapshot verification() const;
  sdk::Result<void> refresh();

 private:
  sdk::Result<Connection> from_row(const storage::Rows& rows, std::size_t row) const;
  sdk::Result<void> adopt(storage::Session& session, const Connection& connection, const std::string& account_id) const;
  sdk::Result<std::string> seal(const std::string& id, const std::map<std::string, std::string>& credentials) const;
  storage::Database& database_;
  const base::SecretBox& box_;
  const plugins::PluginCatalog& catalog_;
  mutable std::mutex mutex_;
  Snapshot snapshot_;
};

/// A ServiceClient with everything it borrows: budgeted HTTP, clock, logger, durable state, tokens.
class ClientLease {
 public:
  virtual ~ClientLease() = default;
  virtual sdk::ServiceClient& client() = 0;
  /// Waits for the service's rate limits since the lease was made.
  virtual limits::RateLimitWaits rate_limit_waits() const { return {}; }
};

class ClientFactory {
 public:
  virtual ~ClientFactory() = default;
  virtual sdk::Result<std::unique_ptr<ClientLease>> client(const Connection& connection) = 0;
};

}  // namespace patchbay::connections
