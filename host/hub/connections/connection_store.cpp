#include "hub/connections/connection_store.hpp"

#include "hub/connections/connection_settings.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"
#include "platform/base/yaml.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::connections {
namespace {

constexpr const char* kColumns =
    "select id, connector, name, state, coalesce(state_reason, '') as state_reason, coalesce(account_id, '') as "
    "account_id, "
    "options::text as options, credentials, sync_interval_seconds, version, to_json(granted_scopes)::text as "
    "granted_scopes, "
    "extract(epoch from authorization_ends_at)::bigint as authorization_ends_at from connections where deleted_at is "
    "null";

std::string box_context(const std::string& id) {
  return "connection:" + id;
}

sdk::json::object object_of(const std::string& text) {
  const auto parsed = sdk::parse_json(text);
  return parsed.ok() && parsed->is_object() ? parsed->as_object() : sdk::json::object();
}

std::vector<std::string> texts_of(const std::string& list) {
  std::vector<std::string> texts;
  const auto parsed = sdk::parse_json(list.empty() ? "[]" : list);
  if (!parsed.ok() || !parsed->is_array()) return texts;
  for (const auto& element : parsed->get_array()) {
    if (const auto text = sdk::scalar_text(element)) texts.push_back(*text);
  }
  return texts;
}

sdk::Result<std::string> check_name(const std::string& name) {
  if (name.empty() || name.size() > 100 || !sdk::is_clean_utf8(name)) {
    return sdk::invalid_error("connection.bad_name", "'name' must be a text of 1 to 100 characters", "name");
  }
  return name;
}

}  // namespace

std::string expiring_reason(const Connection& connection, sdk::SystemTime now) {
  constexpr auto kNotice = std::chrono::hours(7 * 24);
  if (connection.state != "connected" || !connection.authorization_ends_at) return {};
  if (*connection.authorization_ends_at > now + kNotice) return {};
  return "the authorisation ends on " + sdk::format_time(*connection.authorization_ends_at) +
         " and cannot be renewed by the hub; connect it again before";
}

ConnectionStore::ConnectionStore(storage::Database& database, const base::SecretBox& box,
                                 const plugins::PluginCatalog& catalog)
    : database_(database), box_(box), catalog_(catalog) {}

sdk::Result<Connection> ConnectionStore::from_row(const storage::Rows& rows, std::size_t row) const {
  Connection connection;
  connection.id = rows.text(row, "id");
  connection.connector = rows.text(row, "connector");
  connection.name = rows.text(row, "name");
  connection.state = rows.text(row, "state");
  connection.state_reason = rows.text(row, "state_reason");
  connection.account_id = rows.text(row, "account_id");
  connection.version = rows.integer(row, "version");
  if (rows.at(row, "authorization_ends_at"))
    connection.authorization_ends_at =
        sdk::SystemTime(std::chrono::seconds(rows.integer(row, "authorization_ends_at")));
  connection.granted_scopes = texts_of(rows.text(row, "granted_scopes"));
  if (rows.at(row, "sync_interval_seconds"))
    connection.sync_interval = std::chrono::seconds(rows.integer(row, "sync_interval_seconds"));
  connection.settings.connection_id = connection.id;
  connection.settings.account_id = connection.account_id;
  const sdk::json::object options = object_of(rows.text(row, "options"));
  const plugins::LoadedPlugin* plugin = catalog_.find(connection.connector);
  if (plugin != nullptr) {
    // An option that a newer plugin no longer knows must not make the connection unreadable.
    auto checked = check_options(plugin->description, options);
    if (checked.ok()) connection.settings.options = std::move(*checked);
  }
  for (const auto& member : options) {
    if (const auto text = sdk::scalar_text(member.value())) connection.settings.options[member.key()] = *text;
  }
  if (rows.at(row, "credentials")) {
    PATCHBAY_ASSIGN(const std::string opened, box_.open(rows.text(row, "credentials"), box_context(connection.id)));
    for (const auto& member : object_of(opened)) {
      if (const auto* text = member.value().if_string()) {
        connection.settings.credentials[member.key()] = std::string(*text);
        base::add_log_secret({text->data(), text->size()});
      }
    }
  }
  return connection;
}

sdk::Result<Connection> ConnectionStore::get(const std::string& id) const {
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kWorker, std::string(kColumns) + " and id = $1", {id}));
  if (rows.empty()) return sdk::not_found_error("connection.not_found", "there is no such connection");
  return from_row(rows, 0);
}

sdk::Result<std::vector<Connection>> ConnectionStore::list() const {
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kWorker,
                                  std::string(kColumns) + " order by connector, created_at, id limit 1000"));
  std::vector<Connection> connections;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    PATCHBAY_ASSIGN(Connection connection, from_row(rows, row));
    connections.push_back(std::move(connection));
  }
  return connections;
}

sdk::Result<std::string> ConnectionStore::seal(const std::string& id,
                                               const std::map<std::string, std::string>& credentials) const {
  sdk::json::object content;
  for (const auto& [name, value] : credentials) {
    if (!value.empty() && !is_token_name(name)) content[name] = value;
  }
  return box_.seal(sdk::json::serialize(content), box_context(id));
}

sdk::Result<Connection> ConnectionStore::create(storage::Session& session, const std::string& connector,
                                                const std::string& name, const sdk::json::object& options,
                                                const sdk::json::object& credentials) const {
  const plugins::LoadedPlugin* plugin = catalog_.find(connector);
  if (plugin == nullptr) {
    std::vector<std::string> known;
    for (const auto& loaded : catalog_.plugins()) known.push_back(loaded.description.name);
    const std::string nearest = base::yaml::nearest_name(connector, known);
    return sdk::invalid_error(
        "connection.unknown_connector",
        "there is no connector '" + connector + "'" + (nearest.empty() ? "" : "; did you mean '" + nearest + "'?"),
        "connector");
  }
  PATCHBAY_TRY(check_name(name));
  PATCHBAY_ASSIGN(const auto checked_options, check_options(plugin->description, options));
  PATCHBAY_ASSIGN(const auto checked_credentials, check_credentials(plugin->description, credentials));
  const std::string id = base::new_uuid();
  PATCHBAY_ASSIGN(const std::string sealed, seal(id, checked_credentials));
  const auto inserted = session.execute(
      "insert into connections (id, connector, name, options, credentials) values ($1, $2, $3, $4::jsonb, $5)",
      {id, connector, name, sdk::json::serialize(options), sealed});
  if (!inserted.ok() && inserted.error().code == "storage.unique") {
    return sdk::conflict_error("connection.name_taken",
                               "there is already a connection of " + connector + " named '" + name + "'");
  }
  PATCHBAY_TRY(inserted);
  PATCHBAY_ASSIGN(const auto rows, session.execute(std::string(kColumns) + " and id = $1", {id}));
  return from_row(rows, 0);
}

sdk::Result<void> ConnectionStore::update(storage::Session& session, const std::string& id,
                                          const sdk::json::object& changes) const {
  PATCHBAY_ASSIGN(const auto rows, session.execute(std::string(kColumns) + " and id = $1 for update", {id}));
  if (rows.empty()) return sdk::not_found_error("connection.not_found", "there is no such connection");
  PATCHBAY_ASSIGN(Connection connection, from_row(rows, 0));
  const plugins::LoadedPlugin* plugin = catalog_.find(connection.connector);
  if (plugin == nullptr) {
    return sdk::conflict_error("connection.no_plugin", "the connector '" + connection.connector + "' is not loaded");
  }
  sdk::json::object options = object_of(rows.text(0, "options"));
  if (const auto* changed = changes.if_contains("options"); changed != nullptr && changed->is_object()) {
    for (const auto& member : changed->as_object()) options[member.key()] = member.value();
  }
  PATCHBAY_TRY(check_options(plugin->description, options));
  if (const auto* changed = changes.if_contains("credentials"); changed != nullptr && changed->is_object()) {
    PATCHBAY_ASSIGN(const auto given, check_credentials(plugin->description, changed->as_object()));
    for (const auto& [name, value] : given) connection.settings.credentials[name] = value;
  }
  if (const auto* name = changes.if_contains("name")) {
    PATCHBAY_ASSIGN(connection.name, check_name(name->is_string() ? std::string(name->as_string()) : std::string()));
  }
  PATCHBAY_ASSIGN(const std::string sealed, seal(id, connection.settings.credentials));
  PATCHBAY_TRY(
      session.execute("update connections set name = $2, options = $3::jsonb, credentials = $4, version = version + 1, "
                      "updated_at = now() where id = $1",
                      {id, connection.name, sdk::json::serialize(options), sealed}));
  return {};
}

sdk::Result<void> ConnectionStore::set_state(storage::Session& session, const std::string& id, const std::string& state,
                                             const std::string& reason) const {
  PATCHBAY_TRY(session.execute(
      "update connections set state = $2, state_reason = nullif($3, ''), version = version + 1, updated_at = now() "
      "where id = $1 and (state <> $2 or coalesce(state_reason, '') <> $3)",
      {id, state, reason}));
  return {};
}

sdk::Result<void> ConnectionStore::set_account(storage::Session& session, const Connection& connection,
                                               const sdk::AccountIdentity& identity) const {
  if (identity.account_id.empty()) return {};
  // Two that find out at once are decided one after the other.
  PATCHBAY_TRY(session.execute(
      "select pg_advisory_xact_lock($1)",
      {std::to_string(base::lock_hash("account:" + connection.connector + ":" + identity.account_id))}));
  PATCHBAY_ASSIGN(const auto others,
                  session.execute("select name from connections where connector = $1 and account_id = $2 and id <> $3"
                                  " and deleted_at is null limit 1",
                                  {connection.connector, identity.account_id, connection.id}));
  if (!others.empty()) {
    return sdk::conflict_error("connection.account_connected",
                               "the account " + identity.account_id + " is connected already, as '" +
                                   others.text(0, "name") + "'; a second connection would bring everything twice");
  }
  PATCHBAY_TRY(session.execute(
      "update connections set account_id = $2, account_name = coalesce(left(nullif($3, ''), 255), account_name), "
      "granted_scopes = coalesce(nullif($4::text[], '{}'), granted_scopes) where id = $1",
      {connection.id, identity.account_id, identity.name, storage::array_literal(identity.scopes)}));
  return adopt(session, connection, identity.account_id);
}

sdk::Result<void> ConnectionStore::adopt(storage::Session& session, const Connection& connection,
                                         const std::string& account_id) const {
  PATCHBAY_ASSIGN(
      const auto removed,
      session.execute("update connections set successor_id = $3::uuid where connector = $1 and account_id = $2"
                      " and deleted_at is not null and successor_id is distinct from $3::uuid returning id",
                      {connection.connector, account_id, connection.id}));
  std::vector<std::string> ids;
  for (std::size_t row = 0; row < removed.size(); ++row) ids.push_back(removed.text(row, "id"));
  if (ids.empty()) return {};
  const std::string gone = storage::array_literal(ids);
  // What was on its way to the service is forgotten: the next change tells it anew.
  PATCHBAY_TRY(session.execute(
      "with moved as (delete from entity_links where connection_id = any($2::uuid[]) returning *)"
      " insert into entity_links (connection_id, resource, external_id, service, entity_kind, entity_id, "
      "remote_version,"
      " fingerprint, sync_error, hub_version, last_seen_at, state_at, deleted_at)"
      " select distinct on (resource, external_id) $1::uuid, resource, external_id, service, entity_kind, entity_id,"
      " remote_version, fingerprint, sync_error, hub_version, last_seen_at, state_at, deleted_at from moved"
      " order by resource, external_id, last_seen_at desc on conflict do nothing",
      {connection.id, gone}));
  PATCHBAY_TRY(session.execute(
      "with moved as (delete from sync_pending_references where connection_id = any($2::uuid[]) returning *)"
      " insert into sync_pending_references select $1::uuid, resource, external_id, field, target_resource,"
      " target_external_id from moved on conflict do nothing",
      {connection.id, gone}));
  PATCHBAY_TRY(session.execute(
      "update identity_conflicts i set connection_id = $1::uuid where connection_id = any($2::uuid[]) and not exists"
      " (select 1 from identity_conflicts o where o.connection_id = $1::uuid and o.resource = i.resource"
      " and o.external_id = i.external_id)",
      {connection.id, gone}));
  return {};
}

sdk::Result<void> ConnectionStore::remove(storage::Session& session, const std::string& id) const {
  // What belongs to the past (links, logs) stays; secrets do not.
  PATCHBAY_ASSIGN(
      const auto rows,
      session.execute("update connections set deleted_at = now(), state = 'disconnected', credentials = null, "
                      "tokens = null, version = version + 1, updated_at = now() "
                      "where id = $1 and deleted_at is null",
                      {id}));
  if (rows.affected_count() == 0) return sdk::not_found_error("connection.not_found", "there is no such connection");
  // Their links are no longer shown: who asks what has changed must hear of it.
  PATCHBAY_TRY(session.execute(
      "select touch_entities(kind, ids) from (select entity_kind as kind, array_agg(distinct entity_id) as ids"
      " from entity_links where connection_id = $1 and deleted_at is null group by entity_kind order by entity_kind) l",
      {id}));
  return {};
}

ConnectionStore::Snapshot ConnectionStore::verification() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

sdk::Result<void> ConnectionStore::refresh() {
  PATCHBAY_ASSIGN(auto connections, list());
  auto fresh = std::make_shared<const std::vector<Connection>>(std::move(connections));
  const std::lock_guard lock(mutex_);
  snapshot_ = std::move(fresh);
  return {};
}

}  // namespace patchbay::connections
