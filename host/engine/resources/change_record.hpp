// What every write leaves behind, whoever made it: status history, hooks of reached states, the event.
#pragma once

#include "engine/events/outbox.hpp"
#include "engine/resources/row_scope.hpp"
#include "engine/resources/writer.hpp"

#include <string>
#include <vector>

namespace patchbay::resources {

/// A row that came from one state into another; `from` empty: it is new.
struct Transition {
  std::string entity_id;
  std::string from, to;
  std::string reason;
};

/// A user writes what he sees; services and the hub itself write everything.
RowScope actor_scope(const policy::Policy& policy, const ResourceDescription& description, const Actor& actor);
sdk::Result<void> append_history(storage::Session& session, const ResourceDescription& description, const Actor& actor,
                                 const std::vector<Transition>& transitions);
/// Runs each declared hook once for all rows that reached its state.
sdk::Result<void> run_state_hooks(storage::Session& session, const ResourceDescription& description,
                                  const std::vector<Transition>& transitions);
/// `row` is the staff's view.
events::Event make_event(const ResourceDescription& description, const Actor& actor, std::string action,
                         const std::string& entity_id, std::vector<std::string> changed_fields, sdk::json::object row);

}  // namespace patchbay::resources
