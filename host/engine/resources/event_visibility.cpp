#include "engine/resources/event_visibility.hpp"

#include "engine/resources/row_scope.hpp"

namespace patchbay::resources {

bool visible(const ResourceDescription& description, const policy::Policy& policy, const policy::Principal& principal,
             const sdk::json::object& visibility) {
  const RowScope scope = row_scope(policy, description, principal);
  switch (scope.kind) {
    case RowScope::Kind::kAll:
      return true;
    case RowScope::Kind::kNone:
      return false;
    case RowScope::Kind::kFiltered:
      return scope.filter->sees_event && scope.filter->sees_event(principal, visibility);
  }
  return false;
}

ResourceEventVisibility::ResourceEventVisibility(const Registry& registry, const policy::Policy& policy)
    : registry_(registry), policy_(policy), views_(registry, policy.roles()) {}

bool ResourceEventVisibility::known_topic(std::string_view topic) const {
  return registry_.find_path(topic) != nullptr;
}

bool ResourceEventVisibility::may_subscribe(const policy::Principal& principal, std::string_view topic) const {
  const ResourceDescription* description = registry_.find_path(topic);
  return description != nullptr && policy_.allows(principal, description->read_permission);
}

std::string ResourceEventVisibility::audience(const policy::Principal& principal) const {
  std::string key = principal.role;
  if (!principal.client_id.empty()) key += "|client " + principal.client_id;
  // Only rules that look at the person himself make him an audience of his own.
  for (const ResourceDescription& description : registry_.all()) {
    const RowScope scope = row_scope(policy_, description, principal);
    if (!scope.user_id.empty()) return key + "|user " + principal.user_id;
  }
  return key;
}

bool ResourceEventVisibility::visible(const events::StoredEvent& event, const policy::Principal& principal) const {
  const ResourceDescription* description = registry_.find(event.entity_kind);
  if (description == nullptr || !policy_.allows(principal, description->read_permission)) return false;
  return resources::visible(*description, policy_, principal, event.visibility);
}

sdk::json::value ResourceEventVisibility::data_for(const events::StoredEvent& event, const std::string& role) const {
  const ResourceDescription* description = registry_.find(event.entity_kind);
  if (description == nullptr || !event.data.is_object()) return nullptr;
  sdk::json::object data = event.data.get_object();
  views_.of(*description, role).hide(data);
  return data;
}

}  // namespace patchbay::resources
