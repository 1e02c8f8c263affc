// Entities by what people are known by: an e-mail, a phone.
#pragma once

#include "engine/resources/description.hpp"
#include "platform/storage/session.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace patchbay::identity {

/// SQL over the alias `e` that gives a row's key ("email": lower case, "phone": E.164) as indexed; column names come
/// from the description, never from outside.
std::string key_expression(const resources::ResourceDescription& description, std::string_view key_name);

/// SQL condition over the alias `e`: somebody vouches for the row's key. Where nobody does, it proves no identity.
std::string verified_condition(const resources::ResourceDescription& description, std::string_view key_name);

/// Key → id of the row that has it, for keys that exactly one row has; rows that only claim it do not count. The key
/// "id" is the row's own (a UUID).
sdk::Result<std::map<std::string, std::string>> find_by_key(storage::Session& session,
                                                            const resources::ResourceDescription& description,
                                                            std::string_view key_name,
                                                            const std::set<std::string>& keys);

}  // namespace patchbay::identity
