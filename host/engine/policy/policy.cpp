#include "engine/policy/policy.hpp"

#include "engine/policy/shipped_policy.hpp"

#include <algorithm>
#include <cctype>

namespace patchbay::policy {
namespace {

sdk::Result<const base::yaml::Node*> get_section(const base::yaml::Node& root, std::string_view name) {
  const base::yaml::Node* section = root.find(name);
  if (section == nullptr) return root.error("policy.incomplete", "the policy has no '" + std::string(name) + "'");
  return section;
}

sdk::Result<void> check_sections(const base::yaml::Node& root) {
  static const std::vector<std::string> kSections = {"roles", "permissions", "rows"};
  for (const auto& [key, node] : root.members) {
    if (std::find(kSections.begin(), kSections.end(), key) != kSections.end()) continue;
    const std::string nearest = base::yaml::nearest_name(key, kSections);
    return node.error("policy.unknown_key",
                      "unknown key '" + key + "'" + (nearest.empty() ? "" : ", did you mean '" + nearest + "'?"));
  }
  return {};
}

sdk::Result<void> check_role(const base::yaml::Node& place, const std::vector<std::string>& roles,
                             const std::string& role) {
  if (std::find(roles.begin(), roles.end(), role) != roles.end()) return {};
  const std::string nearest = base::yaml::nearest_name(role, roles);
  return place.error("policy.unknown_role",
                     "unknown role '" + role + "'" + (nearest.empty() ? "" : ", did you mean '" + nearest + "'?"));
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

sdk::Result<Policy> Policy::load(const base::yaml::Node& root) {
  PATCHBAY_TRY(check_sections(root));
  Policy policy;
  PATCHBAY_ASSIGN(const auto* roles, get_section(root, "roles"));
  PATCHBAY_ASSIGN(policy.roles_, roles->texts());
  PATCHBAY_ASSIGN(const auto* permissions, get_section(root, "permissions"));
  for (const auto& [word, node] : permissions->members) {
    PATCHBAY_ASSIGN(const auto allowed, node.texts());
    policy.words_.insert(word);
    for (const std::string& role : allowed) {
      PATCHBAY_TRY(check_role(node, policy.roles_, role));
      policy.permissions_[role].insert(word);
    }
  }
  PATCHBAY_ASSIGN(const auto* rows, get_section(root, "rows"));
  for (const auto& [kind, by_role] : rows->members) {
    for (const auto& [role, filter] : by_role.members) {
      PATCHBAY_TRY(check_role(filter, policy.roles_, role));
      PATCHBAY_ASSIGN(policy.row_filters_[role][kind], filter.text());
    }
  }
  return policy;
}

sdk::Result<Policy> Policy::shipped() {
  PATCHBAY_ASSIGN(const auto root, base::yaml::parse(shipped_policy_text(), "config/policy.yaml"));
  return load(root);
}

bool Policy::allows(std::string_view role, std::string_view permission) const {
  const auto found = permissions_.find(role);
  return found != permissions_.end() && found->second.contains(permission);
}

bool Policy::allows(const Principal& principal, std::string_view permission) const {
  switch (principal.kind) {
    case Principal::Kind::kSystem:
      return true;
    case Principal::Kind::kUser:
      return allows(principal.role, permission);
    case Principal::Kind::kAnonymous:
    case Principal::Kind::kService:
      return false;
  }
  return false;
}

std::vector<std::string> Policy::permissions(std::string_view role) const {
  const auto found = permissions_.find(role);
  if (found == permissions_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

std::string Policy::row_filter(std::string_view role, std::string_view entity_kind) const {
  const auto of_role = row_filters_.find(role);
  if (of_role == row_filters_.end()) return "none";
  const auto found = of_role->second.find(entity_kind);
  return found == of_role->second.end() ? "none" : found->second;
}

std::optional<std::string> Policy::canonical_role(std::string_view text) {
  static const std::map<std::string, std::string, std::less<>> kSpellings = {{"admin", "admin"},
                                                                             {"administrator", "admin"},
                                                                             {"manager", "manager"},
                                                                             {"agent", "manager"},
                                                                             {"user", "manager"},
                                                                             {"office_manager", "manager"},
                                                                             {"technician", "technician"},
                                                                             {"tech", "technician"},
                                                                             {"viewer", "viewer"},
                                                                             {"customer_admin", "customer_admin"},
                                                                             {"customer_user", "customer_user"}};
  const auto found = kSpellings.find(lower(text));
  if (found == kSpellings.end()) return std::nullopt;
  return found->second;
}

}  // namespace patchbay::policy
