#include "hub/connections/connection_flow.hpp"

#include "hub/connections/connection_settings.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::connections {
namespace {

constexpr std::chrono::seconds kTryOutLimit{10};

sdk::CallContext interactive_context() {
  sdk::CallContext context;
  context.deadline = std::chrono::steady_clock::now() + kTryOutLimit;
  context.lane = sdk::Lane::kInteractive;
  return context;
}

sdk::Result<sdk::json::object> object_member(const sdk::json::object& body, const char* name) {
  const auto* member = body.if_contains(name);
  if (member == nullptr || member->is_null()) return sdk::json::object();
  if (!member->is_object())
    return sdk::invalid_error("connection.bad_body", std::string("'") + name + "' must be an object", name);
  return member->as_object();
}

/// Whether its owner agrees in a browser; otherwise credentials are all it needs.
bool owner_authorizes(const sdk::Description& description) {
  return description.auth == sdk::AuthKind::kOAuth2 && description.oauth2 &&
         description.oauth2->grant == sdk::OAuth2Description::Grant::kAuthorizationCode;
}

std::vector<std::string> wanted_scopes(const sdk::Description& description) {
  return description.oauth2 ? description.oauth2->scopes : std::vector<std::string>();
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// An account's name in a URL: anything printable that is no blank.
bool is_account_id(const std::string& text) {
  return !text.empty() && text.size() <= 255 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

sdk::Result<void> check_members(const sdk::json::object& body, std::initializer_list<std::string_view> known) {
  for (const auto& member : body) {
    if (std::find(known.begin(), known.end(), std::string_view(member.key())) == known.end()) {
      return sdk::invalid_error("request.unknown_field", "'" + std::string(member.key()) + "' is not known here",
                                std::string(member.key()));
    }
  }
  return {};
}

}  // namespace

sdk::Result<void> ConnectionFlow::store_given_tokens(storage::Session& session, const Connection& connection,
                                                     const sdk::json::object& credentials) {
  oauth::Grant given;
  sdk::TokenGrant& grant = given.tokens;
  grant.access_token = sdk::string_at(credentials, "accessToken");
  grant.refresh_token = sdk::string_at(credentials, "refreshToken");
  if (grant.access_token.empty() && grant.refresh_token.empty()) return {};
  const std::string expiry = sdk::string_at(credentials, "expiresAt");
  if (!expiry.empty()) {
    auto time = sdk::parse_time(expiry);
    if (!time.ok())
      return sdk::invalid_error("connection.bad_credential", "'expiresAt' must be an ISO 8601 time",
                                "credentials.expiresAt");
    grant.expires_at = *time;
  }
  return wiring_.tokens.store(session, connection.id, given);
}

sdk::Result<Connection> ConnectionFlow::create(const sdk::json::object& body) {
  PATCHBAY_TRY(check_members(body, {"connector", "name", "options", "credentials"}));
  PATCHBAY_ASSIGN(const auto options, object_member(body, "options"));
  PATCHBAY_ASSIGN(const auto credentials, object_member(body, "credentials"));
  const std::string name = body.contains("name") ? sdk::string_at(body, "name") : "main";
  std::string id;
  PATCHBAY_TRY(
      wiring_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_ASSIGN(const Connection made,
                        wiring_.store.create(session, sdk::string_at(body, "connector"), name, options, credentials));
        id = made.id;
        return store_given_tokens(session, made, credentials);
      }));
  const auto tried = try_out(id);
  if (!tried.ok()) {
    PATCHBAY_TRY(remove(id));  // it was never more than a second way to the same account
    return tried.error();
  }
  wiring_.changed();
  return wiring_.store.get(id);
}

sdk::Result<Connection> ConnectionFlow::update(const std::string& id, const sdk::json::object& changes) {
  PATCHBAY_TRY(check_members(changes, {"name", "options", "credentials"}));
  PATCHBAY_TRY(object_member(changes, "options"));
  PATCHBAY_ASSIGN(const auto credentials, object_member(changes, "credentials"));
  PATCHBAY_TRY(
      wiring_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_TRY(wiring_.store.update(session, id, changes));
        Connection connection;
        connection.id = id;
        return store_given_tokens(session, connection, credentials);
      }));
  const auto tried = try_out(id);
  wiring_.changed();
  PATCHBAY_TRY(tried);
  return wiring_.store.get(id);
}

sdk::Result<void> ConnectionFlow::remove(const std::string& id) {
  PATCHBAY_TRY(wiring_.database.transaction(
      storage::Lane::kInteractive, [&](storage::Session& session) { return wiring_.store.remove(session, id); }));
  wiring_.changed();
  return {};
}

/// What the service says of the connection.
ConnectionFlow::Trial ConnectionFlow::ask(const Connection& connection) {
  const plugins::LoadedPlugin* plugin = wiring_.catalog.find(connection.connector);
  const bool has_tokens = plugin != nullptr && owner_authorizes(plugin->description);
  const auto missing = plugin == nullptr || has_tokens
                           ? std::vector<std::string>()
                           : missing_credentials(plugin->description, connection.settings.credentials);
  if (!missing.empty()) return {"new", "the credential '" + missing.front() + "' is missing", {}};
  auto lease = wiring_.clients.client(connection);
  if (!lease.ok()) return {"new", lease.error().message, {}};
  auto who = (*lease)->client().authenticate(interactive_context());
  if (who.ok()) {
    const auto& granted = who->scopes.empty() ? connection.granted_scopes : who->scopes;
    const auto refused = plugin == nullptr ? std::vector<std::string>()
                                           : oauth::missing_scopes(wanted_scopes(plugin->description), granted);
    if (refused.empty()) return {"connected", "", std::move(*who)};
    return {"needs_reconnect",
            "its owner did not grant " + join(refused) + "; connect it again and agree to everything", std::move(*who)};
  }
  if (who.error().code == "token.needs_reauth" && connection.state == "new")
    return {"new", "waiting for its owner's authorisation", {}};
  if (who.error().error_class == sdk::ErrorClass::kAuth) return {"needs_reconnect", who.error().message, {}};
  // It proves nothing either way: it is asked again until the service answers.
  return {"unreachable", "tried again until it answers: " + who.error().message, {}};
}

/// Asks the service who we are and keeps what it says. kConflict where the account has a connection already.
sdk::Result<void> ConnectionFlow::try_out(const std::string& id) {
  const auto connection = wiring_.store.get(id);
  if (!connection.ok()) return {};
  const Trial trial = ask(*connection);
  std::function<void()> announce;
  const auto stored =
      wiring_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_TRY(wiring_.store.set_account(session, *connection, trial.identity));
        PATCHBAY_TRY(wiring_.store.set_state(session, id, trial.state, trial.reason));
        if (trial.state != "connected" || !first_sync_) return {};
        PATCHBAY_ASSIGN(announce, first_sync_(session, id));
        return {};
      });
  if (stored.ok()) {
    if (announce) announce();
    return {};
  }
  if (stored.error().code != "connection.account_connected") {
    base::log_warning("connections", "the state of a connection could not be stored", {{"connection", id}});
    return {};
  }
  refuse(*connection, stored.error().message);
  return stored.error();
}

/// It cannot have the account that it was given.
void ConnectionFlow::refuse(const Connection& connection, const std::string& reason) {
  const auto noted = wiring_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) {
    return wiring_.store.set_state(session, connection.id, connection.account_id.empty() ? "new" : "needs_reconnect",
                                   reason);
  });
  if (!noted.ok())
    base::log_warning("connections", "the state of a connection could not be stored", {{"connection", connection.id}});
}

sdk::Result<std::size_t> ConnectionFlow::retry() {
  std::vector<std::string> by_key;
  for (const auto& plugin : wiring_.catalog.plugins()) {
    if (!owner_authorizes(plugin.description)) by_key.push_back(plugin.description.name);
  }
  // The row is taken by its time: of several hosts one asks. A refused key is asked for seldom, a refused owner never.
  PATCHBAY_ASSIGN(
      const auto rows,
      wiring_.database.query(
          storage::Lane::kWorker,
          "update connections set updated_at = now() where id in (select id from connections where deleted_at is null"
          " and (state = 'unreachable' and updated_at < now() - interval '10 seconds'"
          " or state = 'needs_reconnect' and connector = any($1::text[]) and updated_at < now() - interval '5 minutes')"
          " order by updated_at limit 5 for update skip locked) returning id",
          {storage::array_literal(by_key)}));
  for (std::size_t row = 0; row < rows.size(); ++row) PATCHBAY_TRY(try_out(rows.text(row, "id")));
  if (!rows.empty()) wiring_.changed();
  return rows.size();
}

sdk::Result<std::string> ConnectionFlow::authorize(const std::string& id, const std::string& user_id) {
  PATCHBAY_ASSIGN(const Connection connection, wiring_.store.get(id));
  const plugins::LoadedPlugin* plugin = wiring_.catalog.find(connection.connector);
  if (plugin == nullptr || !owner_authorizes(plugin->description)) {
    return sdk::conflict_error(
        "connection.no_oauth",
        connection.connector + " is not authorised by its owner's consent; give its credentials");
  }
  PATCHBAY_ASSIGN(const auto subject, token_subject(plugin->description, connection));
  if (subject.client.client_id.empty()) {
    return sdk::invalid_error("connection.missing_credential", "the credential 'clientId' is missing",
                              "credentials.clientId");
  }
  const std::string state = base::random_token(32);
  const std::string verifier = base::random_token(48);
  PATCHBAY_TRY(
      wiring_.database.query(storage::Lane::kInteractive,
                             "insert into oauth_states (state_hash, connection_id, user_id, verifier, expires_at) "
                             "values ($1::bytea, $2, $3, $4, now() + interval '10 minutes')",
                             {storage::bytea_literal(base::sha256(state)), id, user_id, verifier}));
  return oauth::authorize_url(subject.client, redirect_uri(), state, sdk::base64url_encode(base::sha256(verifier)));
}

sdk::Result<ConnectionFlow::Pending> ConnectionFlow::take_state(const std::string& state) {
  PATCHBAY_ASSIGN(const auto rows,
                  wiring_.database.query(
                      storage::Lane::kInteractive,
                      "delete from oauth_states s where state_hash = $1::bytea and expires_at > now() and exists "
                      "(select 1 from users u where u.id = s.user_id and u.deleted_at is null and u.status = "
                      "'ACTIVE') returning connection_id, verifier",
                      {storage::bytea_literal(base::sha256(state))}));
  if (rows.empty()) {
    return sdk::invalid_error("oauth.unknown_state",
                              "this authorisation was not started here, or too long ago; start it again", "state");
  }
  return Pending{rows.text(0, "connection_id"), rows.text(0, "verifier")};
}

/// Empty where the plugin names no parameter. A connection keeps the account it was made for: what it brought belongs
/// to that one.
sdk::Result<std::string> ConnectionFlow::account_of(const sdk::OAuth2Description& endpoints,
                                                    const Connection& connection,
                                                    const AuthorizationAnswer& answer) const {
  const std::string& name = endpoints.account_callback_parameter;
  if (name.empty()) return std::string();
  std::string account = answer.parameter(name);
  if (!is_account_id(account)) {
    return sdk::invalid_error("oauth.no_account", "the service did not say whose account it is", name);
  }
  if (!connection.account_id.empty() && connection.account_id != account) {
    return sdk::conflict_error(
        "oauth.other_account",
        "this connection belongs to the account " + connection.account_id + "; make another connection for " + account);
  }
  return account;
}

sdk::Result<Connection> ConnectionFlow::finish_authorization(const AuthorizationAnswer& answer) {
  PATCHBAY_ASSIGN(const Pending pending, take_state(answer.state));
  const std::string& id = pending.connection_id;
  PATCHBAY_ASSIGN(const Connection connection, wiring_.store.get(id));
  if (answer.code.empty()) {
    const std::string reason =
        "the authorisation was refused" + (answer.error.empty() ? "" : " (" + answer.error + ")");
    PATCHBAY_TRY(wiring_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) {
      return wiring_.store.set_state(session, id, connection.state, reason);
    }));
    return sdk::auth_error("oauth.refused", reason);
  }
  const plugins::LoadedPlugin* plugin = wiring_.catalog.find(connection.connector);
  if (plugin == nullptr) return sdk::conflict_error("connection.no_plugin", "the connector is not loaded");
  PATCHBAY_ASSIGN(const auto subject, token_subject(plugin->description, connection));
  PATCHBAY_ASSIGN(const std::string account, account_of(subject.client.endpoints, connection, answer));
  PATCHBAY_ASSIGN(const auto grant,
                  oauth::exchange_code(wiring_.http, interactive_context(), subject.client, answer.code, redirect_uri(),
                                       pending.verifier, wiring_.clock.now()));
  const auto kept =
      wiring_.database.transaction(storage::Lane::kInteractive, [&](storage::Session& session) -> sdk::Result<void> {
        PATCHBAY_TRY(wiring_.tokens.store(session, id, grant));
        PATCHBAY_TRY(wiring_.store.set_account(session, connection, {account, "", {}, {}}));
        return wiring_.store.set_state(session, id, "connected", "");
      });
  if (!kept.ok() && kept.error().code == "connection.account_connected") refuse(connection, kept.error().message);
  PATCHBAY_TRY(kept);
  const auto tried = try_out(id);
  wiring_.changed();
  PATCHBAY_TRY(tried);
  return wiring_.store.get(id);
}

sdk::Result<sdk::Health> ConnectionFlow::health(const std::string& id) {
  PATCHBAY_ASSIGN(const Connection connection, wiring_.store.get(id));
  auto lease = wiring_.clients.client(connection);
  if (!lease.ok()) return sdk::Health{false, lease.error().message, {{"code", lease.error().code}}, {}};
  auto health = (*lease)->client().health_check(interactive_context());
  // An unhealthy connection is an answer, not a failure of the question.
  if (!health.ok()) return sdk::Health{false, health.error().message, {{"code", health.error().code}}, {}};
  const plugins::LoadedPlugin* plugin = wiring_.catalog.find(connection.connector);
  const auto refused = plugin == nullptr
                           ? std::vector<std::string>()
                           : oauth::missing_scopes(wanted_scopes(plugin->description), connection.granted_scopes);
  if (!refused.empty()) {
    health->healthy = false;
    health->notices.push_back("its owner did not grant " + join(refused));
  }
  if (const std::string ending = expiring_reason(connection, wiring_.clock.now()); !ending.empty())
    health->notices.push_back(ending);
  // It works again: nobody has to tell the hub so by hand.
  if (health->healthy && (connection.state == "unreachable" || connection.state == "needs_reconnect")) {
    PATCHBAY_TRY(try_out(id));
    wiring_.changed();
  }
  return health;
}

}  // namespace patchbay::connections
