// Current values of entities, as far as a mapping is about them, and whether a mapped value says anything new.
#pragma once

#include "engine/mapping/mapping.hpp"
#include "engine/resources/description.hpp"
#include "platform/storage/session.hpp"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace patchbay::sync {

struct EntityRow {
  std::string id;
  bool deleted = false;
  sdk::json::object owners;                                               // field name → connection id
  std::map<std::string, std::optional<std::string>, std::less<>> values;  // text as PostgreSQL tells it
};

using EntitiesById = std::unordered_map<std::string, EntityRow>;

/// Loads and locks rows in id order. A row that is not there is not in the answer.
sdk::Result<EntitiesById> load_entities(storage::Session& session, const resources::ResourceDescription& description,
                                        const mapping::ResourceMapping& rules, std::vector<std::string> ids);

/// Whether the stored text stands for the same value of the field.
bool same_value(const resources::Field& field, const std::optional<std::string>& stored, const sdk::json::value& value);
/// Text of a value in the form in which load_entities gives it, for values that were just decided.
std::optional<std::string> stored_text(const sdk::json::value& value);

}  // namespace patchbay::sync
