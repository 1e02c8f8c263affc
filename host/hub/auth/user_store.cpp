#include "hub/auth/user_store.hpp"

#include "platform/base/ids.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::auth {
namespace {

constexpr std::size_t kLoginBytesMax = 255;

constexpr std::string_view kSelect = R"sql(
  select u.id, u.username, u.email, u.name, u.phone, u.role, u.status, u.client_id, u.password_hash, u.preferences,
         u.last_login_at, u.created_at, u.must_change_password, u.email_verified, u.password_changed_at,
         c.name as client_name, c.type as client_type
  from users u left join clients c on c.id = u.client_id and c.deleted_at is null
  where u.deleted_at is null and )sql";

std::string time_text(const storage::Rows& rows, std::string_view column) {
  const auto time = sdk::parse_time(rows.text(0, column));
  return time.ok() ? sdk::format_time(*time) : std::string();
}

User read_user(const storage::Rows& rows) {
  User user;
  user.id = rows.text(0, "id");
  user.username = rows.text(0, "username");
  user.email = rows.text(0, "email");
  user.name = rows.text(0, "name");
  user.phone = rows.text(0, "phone");
  user.role = rows.text(0, "role");
  user.status = rows.text(0, "status");
  user.client_id = rows.text(0, "client_id");
  user.client_name = rows.text(0, "client_name");
  user.client_type = rows.text(0, "client_type");
  user.password_hash = rows.text(0, "password_hash");
  user.preferences = rows.text(0, "preferences");
  user.last_login_at = time_text(rows, "last_login_at");
  user.created_at = time_text(rows, "created_at");
  user.must_change_password = rows.boolean(0, "must_change_password");
  user.email_verified = rows.boolean(0, "email_verified");
  if (const auto changed = sdk::parse_time(rows.text(0, "password_changed_at")); changed.ok())
    user.password_changed_at = *changed;
  return user;
}

storage::Param text_or_null(const std::string& text) {
  return text.empty() ? storage::Param() : storage::Param(text);
}

sdk::json::value text_or_json_null(const std::string& text) {
  return text.empty() ? sdk::json::value() : sdk::json::value(text);
}

sdk::Error taken(const sdk::Error& error) {
  if (error.code != "storage.unique") return error;
  const bool email = error.field && error.field->find("email") != std::string::npos;
  sdk::Error conflict =
      email ? sdk::conflict_error("auth.email_taken", "There is a user with this e-mail address already.")
            : sdk::conflict_error("auth.username_taken", "There is a user with this username already.");
  conflict.field = email ? "email" : "username";
  return conflict;
}

}  // namespace

bool User::password_expired(std::chrono::system_clock::time_point now, int admin_max_age_days) const {
  if (must_change_password) return true;
  if (role != "admin" || admin_max_age_days <= 0 || !password_changed_at) return false;
  return now - *password_changed_at > std::chrono::hours(24) * admin_max_age_days;
}

sdk::json::object user_json(const User& user) {
  sdk::json::object json;
  json["id"] = user.id;
  json["username"] = user.username;
  json["email"] = user.email;
  json["name"] = user.name;
  json["role"] = user.role;
  json["phone"] = text_or_json_null(user.phone);
  json["status"] = user.status;
  json["clientId"] = text_or_json_null(user.client_id);
  json["customerId"] = text_or_json_null(user.client_id);
  json["emailVerified"] = user.email_verified;
  const auto preferences = sdk::parse_json(user.preferences);
  json["preferences"] = preferences.ok() ? *preferences : sdk::json::value(sdk::json::object());
  json["lastLoginAt"] = text_or_json_null(user.last_login_at);
  json["createdAt"] = text_or_json_null(user.created_at);
  return json;
}

std::optional<sdk::json::object> client_json(const User& user) {
  if (user.client_id.empty()) return std::nullopt;
  return sdk::json::object{{"id", user.client_id}, {"name", user.client_name}, {"type", user.client_type}};
}

sdk::Result<std::optional<User>> UserStore::find_by_login(std::string_view login) const {
  if (login.empty() || login.size() > kLoginBytesMax || !sdk::is_clean_utf8(login)) return std::optional<User>();
  // An e-mail address goes before a username, so that nobody takes over a sign-in by naming himself like an address.
  const std::string sql = std::string(kSelect) +
                          "(lower(u.email) = lower($1) or lower(u.username) = lower($1)) "
                          "order by (lower(u.email) = lower($1)) desc limit 1";
  PATCHBAY_ASSIGN(const auto rows, database_.query(storage::Lane::kInteractive, sql, {std::string(login)}));
  return rows.empty() ? std::optional<User>() : std::optional<User>(read_user(rows));
}

sdk::Result<std::optional<User>> UserStore::find_by_id(const std::string& id) const {
  if (!base::is_uuid(id)) return std::optional<User>();
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kInteractive, std::string(kSelect) + "u.id = $1", {id}));
  return rows.empty() ? std::optional<User>() : std::optional<User>(read_user(rows));
}

sdk::Result<std::string> UserStore::create(storage::Session& session, const NewUser& user,
                                           std::chrono::system_clock::time_point now) const {
  const std::string id = base::new_uuid();
  const auto created = session.execute(
      "insert into users (id, username, email, name, phone, role, client_id, password_hash, password_changed_at, "
      "must_change_password) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {id, user.username, user.email, user.name, text_or_null(user.phone), user.role, text_or_null(user.client_id),
       text_or_null(user.password_hash), sdk::format_time(now), user.must_change_password ? "true" : "false"});
  if (!created.ok()) return taken(created.error());
  return id;
}

sdk::Result<void> UserStore::change_password(storage::Session& session, const std::string& user_id,
                                             const std::string& hash, std::chrono::system_clock::time_point now) const {
  PATCHBAY_TRY(
      session.execute("update users set password_hash = $2, password_changed_at = $3, must_change_password = false, "
                      "version = version + 1, "
                      "updated_at = $3 where id = $1",
                      {user_id, hash, sdk::format_time(now)}));
  return {};
}

sdk::Result<void> UserStore::replace_hash(const std::string& user_id, const std::string& old_hash,
                                          const std::string& new_hash) const {
  PATCHBAY_TRY(database_.query(storage::Lane::kInteractive,
                               "update users set password_hash = $3 where id = $1 and password_hash = $2",
                               {user_id, old_hash, new_hash}));
  return {};
}

sdk::Result<void> UserStore::mark_login(storage::Session& session, const std::string& user_id,
                                        std::chrono::system_clock::time_point now) const {
  PATCHBAY_TRY(session.execute("update users set last_login_at = $2 where id = $1", {user_id, sdk::format_time(now)}));
  return {};
}

sdk::Result<bool> UserStore::any() const {
  PATCHBAY_ASSIGN(const auto rows,
                  database_.query(storage::Lane::kInteractive, "select exists (select 1 from users) as any_user"));
  return rows.boolean(0, "any_user");
}

}  // namespace patchbay::auth
