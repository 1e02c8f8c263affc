// Who sees which event, by the same row rules and hidden fields as the API.
#pragma once

#include "engine/events/websocket_access.hpp"
#include "engine/policy/policy.hpp"
#include "engine/resources/description.hpp"
#include "engine/resources/json_view.hpp"

namespace patchbay::resources {

/// Whether an event with these visibility values is for the principal. A row rule without an event form hides it.
bool visible(const ResourceDescription& description, const policy::Policy& policy, const policy::Principal& principal,
             const sdk::json::object& visibility);

/// Thread-safe, never blocks. Topics are the paths of the registry's resources.
class ResourceEventVisibility : public events::EventVisibility {
 public:
  ResourceEventVisibility(const Registry& registry, const policy::Policy& policy);
  bool known_topic(std::string_view topic) const override;
  bool may_subscribe(const policy::Principal& principal, std::string_view topic) const override;
  std::string audience(const policy::Principal& principal) const override;
  bool visible(const events::StoredEvent& event, const policy::Principal& principal) const override;
  sdk::json::value data_for(const events::StoredEvent& event, const std::string& role) const override;

 private:
  const Registry& registry_;
  const policy::Policy& policy_;
  const JsonViews views_;
};

}  // namespace patchbay::resources
