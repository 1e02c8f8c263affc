// Passwords: the rule, and Argon2id with bounded memory.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace patchbay::auth {

/// At least 8 characters with upper, lower, digit and special; kInvalid "auth.weak_password" of field `field`.
sdk::Result<void> check_password_rule(std::string_view password, std::string field = "password");

struct PasswordSettings {
  std::size_t memory_bytes = 19 * 1024 * 1024;
  unsigned long long passes = 2;
  int at_once_max = 2;                        // each costs memory_bytes
  std::chrono::milliseconds wait_max{3'000};  // then kTransient "auth.busy"
};

/// Thread-safe. Every call that hashes waits for one of `at_once_max` places.
class PasswordHasher {
 public:
  explicit PasswordHasher(PasswordSettings settings = {});
  ~PasswordHasher();
  /// Form "$argon2id$v=19$m=19456,t=2,p=1$…".
  sdk::Result<std::string> hash(std::string_view password) const;
  /// Whether the password is the one of `hash`. A malformed hash is never matched.
  sdk::Result<bool> verify(std::string_view password, const std::string& hash) const;
  /// Costs what verify() costs, for a user who does not exist.
  sdk::Result<void> verify_nothing(std::string_view password) const;
  bool needs_rehash(const std::string& hash) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::auth
