#include "hub/connections/client_factory.hpp"

#include "hub/connections/connection_settings.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::connections {
namespace {

constexpr std::size_t kStateKeysMax = 64;
constexpr std::size_t kStateBytesMax = 64 * 1024;

/// The connection's small durable state, in its own row.
class ConnectionState : public sdk::StateStore {
 public:
  ConnectionState(storage::Database& database, std::string connection_id)
      : database_(database), connection_id_(std::move(connection_id)) {}

  sdk::Result<std::optional<sdk::json::value>> get(std::string_view key) override {
    PATCHBAY_ASSIGN(const auto rows,
                    database_.query(storage::Lane::kWorker,
                                    "select (plugin_state -> $2)::text as value from connections where id = $1",
                                    {connection_id_, std::string(key)}));
    if (rows.empty() || !rows.at(0, "value")) return std::optional<sdk::json::value>();
    PATCHBAY_ASSIGN(sdk::json::value value, sdk::parse_json(rows.text(0, "value")));
    return std::optional<sdk::json::value>(std::move(value));
  }

  sdk::Result<void> put(std::string_view key, const sdk::json::value& value) override {
    const std::string text = sdk::json::serialize(value);
    if (text.size() > kStateBytesMax || key.empty() || key.size() > 100) {
      return sdk::invalid_error("state.too_large", "a state value is over 64 KiB or its key over 100 characters");
    }
    PATCHBAY_ASSIGN(
        const auto rows,
        database_.query(storage::Lane::kWorker,
                        "update connections set plugin_state = plugin_state || jsonb_build_object($2::text, $3::jsonb) "
                        "where id = $1 and (plugin_state ? $2 or "
                        "(select count(*) from jsonb_object_keys(plugin_state)) < $4::int)",
                        {connection_id_, std::string(key), text, std::to_string(kStateKeysMax)}));
    if (rows.affected_count() == 0)
      return sdk::invalid_error("state.too_large", "the connection holds 64 state keys already");
    return {};
  }

 private:
  storage::Database& database_;
  std::string connection_id_;
};

/// For connectors without OAuth: their credentials are in the settings.
class NoTokens : public sdk::TokenSource {
 public:
  sdk::Result<std::string> current(const sdk::CallContext&) override { return none(); }
  sdk::Result<std::string> renew(const sdk::CallContext&, std::string_view) override { return none(); }

 private:
  static sdk::Error none() {
    return sdk::permanent_error("token.none", "this connector has no tokens; it uses its credentials");
  }
};

/// Whoever spends from the same of a service's budgets: all connections of one application to one account. In a key of
/// Redis, so by its hash.
std::string budget_subject(const Connection& connection) {
  const std::string account = connection.account_id.empty() ? connection.id : connection.account_id;
  const std::string text = connection.connector + '\n' + connection.settings.credential("clientId") + '\n' + account;
  return connection.connector + ":" + sdk::hex_encode(base::sha256(text)).substr(0, 32);
}

/// Holds what the client borrows; the client goes first.
class HubClientLease : public ClientLease {
 public:
  HubClientLease(storage::Database& database, const Connection& connection, sdk::HttpClient& http, sdk::Clock& clock,
                 limits::RateBudgets::Groups groups, std::unique_ptr<sdk::TokenSource> tokens)
      : http_(http, std::move(groups)),
        clock_(clock),
        logger_(connection.connector, {{"connection", connection.name}}),
        state_(database, connection.id),
        tokens_(std::move(tokens)) {}

  sdk::Result<void> connect(const sdk::Plugin& plugin, const sdk::ConnectionSettings& settings) {
    PATCHBAY_ASSIGN(client_, plugin.connect(settings, sdk::HostServices{http_, clock_, logger_, state_, *tokens_}));
    return {};
  }
  sdk::ServiceClient& client() override { return *client_; }
  limits::RateLimitWaits rate_limit_waits() const override { return http_.waits(); }

 private:
  limits::BudgetedHttp http_;
  sdk::Clock& clock_;
  base::PartLogger logger_;
  ConnectionState state_;
  std::unique_ptr<sdk::TokenSource> tokens_;
  std::unique_ptr<sdk::ServiceClient> client_;
};

}  // namespace

sdk::Result<oauth::TokenSubject> token_subject(const sdk::Description& description, const Connection& connection) {
  oauth::TokenSubject subject;
  subject.connection_id = connection.id;
  subject.client.endpoints = endpoints_of(description, connection.settings.options);
  subject.client.client_id = connection.settings.credential("clientId");
  subject.client.client_secret = connection.settings.credential("clientSecret");
  return subject;
}

HubClientFactory::HubClientFactory(storage::Database& database, const plugins::PluginCatalog& catalog,
                                   sdk::HttpClient& http, sdk::Clock& clock, oauth::TokenService& tokens,
                                   limits::RateBudgets& budgets)
    : database_(database), catalog_(catalog), http_(http), clock_(clock), tokens_(tokens), budgets_(budgets) {}

sdk::Result<std::unique_ptr<ClientLease>> HubClientFactory::client(const Connection& connection) {
  const plugins::LoadedPlugin* plugin = catalog_.find(connection.connector);
  if (plugin == nullptr) {
    return sdk::permanent_error("connection.no_plugin", "the connector '" + connection.connector + "' is not loaded");
  }
  std::unique_ptr<sdk::TokenSource> tokens = std::make_unique<NoTokens>();
  if (plugin->description.auth == sdk::AuthKind::kOAuth2) {
    PATCHBAY_ASSIGN(auto subject, token_subject(plugin->description, connection));
    tokens = tokens_.source(std::move(subject));
  }
  auto lease = std::make_unique<HubClientLease>(
      database_, connection, http_, clock_,
      budgets_.of_subject(budget_subject(connection), plugin->description.rate_budgets), std::move(tokens));
  PATCHBAY_TRY(lease->connect(*plugin->plugin, connection.settings));
  return std::unique_ptr<ClientLease>(std::move(lease));
}

}  // namespace patchbay::connections
