#pragma once

#include "engine/oauth/token_service.hpp"
#include "hub/connections/connection_store.hpp"

namespace patchbay::connections {

/// Makes clients that borrow the hub's own services. Thread-safe.
class HubClientFactory : public ClientFactory {
 public:
  HubClientFactory(storage::Database& database, const plugins::PluginCatalog& catalog, sdk::HttpClient& http,
                   sdk::Clock& clock, oauth::TokenService& tokens, limits::RateBudgets& budgets);
  sdk::Result<std::unique_ptr<ClientLease>> client(const Connection& connection) override;

 private:
  storage::Database& database_;
  const plugins::PluginCatalog& catalog_;
  sdk::HttpClient& http_;
  sdk::Clock& clock_;
  oauth::TokenService& tokens_;
  limits::RateBudgets& budgets_;
};

/// The OAuth client of a connection, or kInvalid where its credentials are missing.
sdk::Result<oauth::TokenSubject> token_subject(const sdk::Description& description, const Connection& connection);

}  // namespace patchbay::connections
