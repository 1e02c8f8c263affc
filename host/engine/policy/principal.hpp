#pragma once

#include <string>

namespace patchbay::policy {

/// Who asks. Made by the authenticator, never from a request's body.
struct Principal {
  enum class Kind { kAnonymous, kUser, kService, kSystem };
  Kind kind = Kind::kAnonymous;
  std::string user_id;
  std::string session_id;
  std::string role;       // admin, manager, technician, viewer, customer_admin, customer_user
  std::string client_id;  // of customer roles
  std::string username;
  std::string email;
  bool password_change_required = false;
  bool signed_in() const { return kind == Kind::kUser; }
};

}  // namespace patchbay::policy
