// References between records become references between entities, now or when the other record arrives.
#pragma once

#include "engine/mapping/mapping.hpp"
#include "engine/resources/description.hpp"
#include "platform/storage/session.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::sync {

/// (resource, external id) → entity id, of one connection. Deleted records still count: an invoice keeps its client. Or
/// ("client.phone", number) → the one entity that has it.
using ReferenceTargets = std::map<std::pair<std::string, std::string>, std::string>;

sdk::Result<ReferenceTargets> find_targets(storage::Session& session, const resources::Registry& registry,
                                           const std::string& connection_id,
                                           const std::vector<const mapping::MappedRecord*>& records);

/// Stores what the records wait for. `known`: those of them, of `resource`, that may have waited before.
sdk::Result<void> store_pending(storage::Session& session, const std::string& connection_id,
                                const std::vector<const mapping::MappedRecord*>& records,
                                const ReferenceTargets& targets, const std::string& resource,
                                const std::vector<std::string>& known);

/// A field that can be filled now.
struct FilledReference {
  std::string resource, external_id;  // of the record that waited
  std::string field;
  std::string entity_kind, entity_id;  // of the record that waited
  std::string target_entity_id;
};

/// Takes (and forgets) what waits for these records of a resource; all of the connection's that can be filled where
/// `external_ids` is empty (the end of a run).
sdk::Result<std::vector<FilledReference>> take_fillable(storage::Session& session, const std::string& connection_id,
                                                        const std::string& resource,
                                                        const std::vector<std::string>& external_ids);

/// (resource, external id) of records.
using RecordKeys = std::vector<std::pair<std::string, std::string>>;

/// Takes (and forgets) what these records wait for or is waited for of them, where both sides are there by now.
sdk::Result<std::vector<FilledReference>> take_met(storage::Session& session, const std::string& connection_id,
                                                   const RecordKeys& records);

/// Takes (and forgets) what waits for an entity with a key, where exactly one has it by now; `target`: "client.phone".
sdk::Result<std::vector<FilledReference>> take_found(storage::Session& session, const resources::Registry& registry,
                                                     const std::string& connection_id, const std::string& target);

}  // namespace patchbay::sync
