// What comes back of the hub's own writes is recognised and changes nothing.
//
// A change that was written back is known by the fingerprint that write-back stores with the link. Two moments are open
// before that: a field whose change is still on its way (it is not overwritten), and a record whose create call has not
// answered yet (its echo waits a moment).
#pragma once

#include "engine/mapping/mapping.hpp"
#include "platform/storage/session.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace patchbay::sync {

using FieldNames = std::set<std::string, std::less<>>;

/// "{name,email}" of a text[] of field names, which need no quoting.
std::vector<std::string> parse_name_list(std::string_view literal);

/// Values by which a record of an entity is recognised: e-mail, phone, name or title, in lower case.
std::vector<std::string> echo_keys(const sdk::json::object& values);

/// kTransient "sync.create_under_way" when one of the new records may be the echo of a create call that has not
/// answered yet.
sdk::Result<void> check_no_create_under_way(storage::Session& session, const std::string& connection_id,
                                            const std::string& resource,
                                            const std::vector<const mapping::MappedRecord*>& new_records);

/// Fields that the API changed and whose event write-back has not been given yet: entity id → fields.
sdk::Result<std::map<std::string, FieldNames>> find_undelivered_changes(storage::Session& session,
                                                                        const std::string& entity_kind,
                                                                        const std::vector<std::string>& entity_ids);

}  // namespace patchbay::sync
