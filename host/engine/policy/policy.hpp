// Who may do what: config/policy.yaml, read once.
#pragma once

#include "engine/policy/principal.hpp"
#include "platform/base/yaml.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::policy {

/// Immutable. Permissions are words: "read:clients", "write:jobs", "jobs:dispatch", "read:operations".
class Policy {
 public:
  static sdk::Result<Policy> load(const base::yaml::Node& root);
  /// The shipped config/policy.yaml, compiled in.
  static sdk::Result<Policy> shipped();

  bool allows(std::string_view role, std::string_view permission) const;
  /// Whether the word stands in the policy at all: a route that names another one is a programmer's error.
  bool is_permission(std::string_view permission) const { return words_.contains(permission); }
  bool allows(const Principal& principal, std::string_view permission) const;  // kSystem may everything
  /// Sorted, for GET /auth/me.
  std::vector<std::string> permissions(std::string_view role) const;
  /// Which rows of an entity kind a role sees: the name of a row filter of that entity's description ("all", "none",
  /// "own", "assigned", "confirmed"); "none" where nothing is said.
  std::string row_filter(std::string_view role, std::string_view entity_kind) const;
  const std::vector<std::string>& roles() const { return roles_; }
  /// The contract's role for any spelling that a document uses (G-18), or nullopt.
  static std::optional<std::string> canonical_role(std::string_view text);

 private:
  std::vector<std::string> roles_;
  std::set<std::string, std::less<>> words_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> permissions_;
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>>
      row_filters_;  // role → entity → filter
};

}  // namespace patchbay::policy
