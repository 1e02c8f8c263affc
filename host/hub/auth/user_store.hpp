// The users table as signing in needs it.
#pragma once

#include "platform/storage/session.hpp"

#include <patchbay/sdk/json.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::auth {

struct User {
  std::string id, username, email, name, phone, role, status;
  std::string client_id, client_name, client_type;  // of customer roles
  std::string password_hash;                        // empty: cannot sign in by password
  std::string preferences = "{}";                   // JSON text
  std::string last_login_at, created_at;            // ISO times; empty: never
  bool must_change_password = false;
  bool email_verified = false;
  std::optional<std::chrono::system_clock::time_point> password_changed_at;

  bool active() const { return status == "ACTIVE"; }
  /// Set by somebody else, or an administrator's that is older than `admin_max_age_days` (0: no limit).
  bool password_expired(std::chrono::system_clock::time_point now, int admin_max_age_days) const;
};

/// As the API shows a user to himself; never with the hash.
sdk::json::object user_json(const User& user);
/// {id, name, type}; nullopt for staff.
std::optional<sdk::json::object> client_json(const User& user);

struct NewUser {
  std::string username, email, name, phone, role, client_id, password_hash;
  bool must_change_password = false;
};

class UserStore {
 public:
  explicit UserStore(storage::Database& database) : database_(database) {}
  /// By e-mail or username, without regard to case; deleted users are not found.
  sdk::Result<std::optional<User>> find_by_login(std::string_view login) const;
  sdk::Result<std::optional<User>> find_by_id(const std::string& id) const;
  /// Id of the new user. kConflict "auth.email_taken", "auth.username_taken" with the field.
  sdk::Result<std::string> create(storage::Session& session, const NewUser& user,
                                  std::chrono::system_clock::time_point now) const;
  sdk::Result<void> change_password(storage::Session& session, const std::string& user_id, const std::string& hash,
                                    std::chrono::system_clock::time_point now) const;
  /// The same password under new parameters; nothing where it was changed meanwhile.
  sdk::Result<void> replace_hash(const std::string& user_id, const std::string& old_hash,
                                 const std::string& new_hash) const;
  sdk::Result<void> mark_login(storage::Session& session, const std::string& user_id,
                               std::chrono::system_clock::time_point now) const;
  sdk::Result<bool> any() const;

 private:
  storage::Database& database_;
};

}  // namespace patchbay::auth
