// Users made outside the API: by the command line and at the first start.
#pragma once

#include "hub/auth/password.hpp"
#include "hub/auth/user_store.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <optional>
#include <string>

namespace patchbay::auth {

struct UserRequest {
  std::string email;
  std::string username;   // empty: made from the e-mail address
  std::string name;       // empty: the username
  std::string role;       // any spelling that policy::Policy::canonical_role knows
  std::string client_id;  // needed for customer roles, refused for others
  std::string phone;
  std::string password;
  bool must_change_password = false;
};

/// What is wrong with it, all at once; empty: nothing. The password's rule included.
std::vector<sdk::Error> check_user(const UserRequest& request);
/// Checks, hashes and writes. The first of check_user's errors, or kConflict "auth.email_taken", "auth.username_taken".
sdk::Result<User> create_user(storage::Database& database, const PasswordHasher& hasher, const sdk::Clock& clock,
                              const UserRequest& request);

struct FirstAdmin {
  User user;
  std::optional<std::string> generated_password;  // to be printed once, never logged
};
/// Makes the administrator where there is no user at all (one host does, however many start); nullopt where there are
/// users. An empty `password` is generated and must be changed at the first sign-in.
sdk::Result<std::optional<FirstAdmin>> create_first_admin(storage::Database& database, const PasswordHasher& hasher,
                                                          const sdk::Clock& clock, const std::string& email,
                                                          const std::string& password);
/// A username for a person: lower case letters, digits and dots of `text`, at most 50.
std::string username_from(std::string_view text);

}  // namespace patchbay::auth
