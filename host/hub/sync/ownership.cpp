#include "hub/sync/ownership.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

/// The rule that decides about a field: its own, or that of the phone it is the normal form of.
const mapping::FieldRule* rule_of(const Claim& claim, std::string_view field) {
  if (const mapping::FieldRule* rule = claim.rules->find_field(field)) return rule;
  for (const mapping::FieldRule& rule : claim.rules->fields) {
    const resources::Field* target = claim.description->find_field(rule.field);
    if (target != nullptr && target->normalized_field == field) return &rule;
  }
  return nullptr;
}

std::string owner_of(const Claim& claim, const EntityRow& entity, std::string_view field) {
  const sdk::json::value* owner = entity.owners.if_contains(field);
  if (owner == nullptr || !owner->is_string()) return {};
  return claim.owners->current(std::string(owner->get_string()));
}

bool may_take(const Claim& claim, const mapping::FieldRule& rule, const EntityRow& entity, bool stored_is_empty,
              bool value_is_empty) {
  const std::string owner = owner_of(claim, entity, rule.field);
  if (owner == claim.connection_id) return true;
  if (value_is_empty) return false;
  if (stored_is_empty) return true;
  // What nobody owns was entered in the hub; it gives way to a service that claims the field at all.
  if (owner.empty()) return rule.rank > 0;
  const int other = claim.owners->rank(owner, claim.description->kind, rule.field);
  return rule.rank != other ? rule.rank > other : claim.connection_id < owner;
}

/// A finer word of the hub that the service's coarser one does not replace.
bool is_kept(const mapping::FieldRule& rule, const std::optional<std::string>& stored, const sdk::json::value& value) {
  if (rule.keeps.empty() || !stored || !value.is_string()) return false;
  const auto kept = rule.keeps.find(std::string(value.get_string()));
  return kept != rule.keeps.end() && std::find(kept->second.begin(), kept->second.end(), *stored) != kept->second.end();
}

}  // namespace

int Owners::rank(const std::string& connection_id, std::string_view entity_kind, std::string_view field) const {
  const auto owner = connections_.find(connection_id);
  return owner == connections_.end() ? 0 : mappings_.rank(owner->second.connector, entity_kind, field);
}

const std::string& Owners::current(const std::string& connection_id) const {
  const auto owner = connections_.find(connection_id);
  return owner == connections_.end() || owner->second.successor.empty() ? connection_id : owner->second.successor;
}

void fill_new(const Claim& claim, const sdk::json::object& values, resources::BulkRow& row) {
  for (const auto& [name, value] : values) {
    if (value.is_null()) continue;
    row.values[name] = value;
    row.owners[name] = claim.connection_id;
    row.changed_fields.emplace_back(name);
  }
}

void merge_into(const Claim& claim, const sdk::json::object& values, const std::set<std::string, std::less<>>& pending,
                EntityRow& entity, resources::BulkRow& row) {
  // Applied at the end: a phone and its normal form are decided by what was there before.
  std::vector<std::pair<std::string, std::optional<std::string>>> decided;
  for (const auto& [name, value] : values) {
    const resources::Field* field = claim.description->find_field(name);
    const mapping::FieldRule* rule = rule_of(claim, name);
    mapping::FieldRule plain;
    plain.field = std::string(name);
    if (rule == nullptr) rule = &plain;
    if (field == nullptr || pending.count(rule->field) != 0 ||
        (value.is_null() && (!field->nullable || field->default_value)))
      continue;
    const std::optional<std::string>& stored = entity.values[std::string(name)];
    const std::optional<std::string>& leading = entity.values[rule->field];
    if (!may_take(claim, *rule, entity, !leading || leading->empty(), value.is_null()) || is_kept(*rule, stored, value))
      continue;
    const bool same = same_value(*field, stored, value);
    if (same && (value.is_null() || owner_of(claim, entity, name) == claim.connection_id)) continue;
    // An equal value changes hands too: who owns a field must not depend on who came first.
    row.values[name] = value;
    row.owners[name] = claim.connection_id;
    if (same) continue;
    if (std::find(row.changed_fields.begin(), row.changed_fields.end(), std::string_view(name)) ==
        row.changed_fields.end()) {
      row.changed_fields.emplace_back(name);
    }
    decided.emplace_back(name, stored_text(value));
  }
  for (auto& [name, text] : decided) entity.values[name] = std::move(text);
  for (const auto& [name, owner] : row.owners) entity.owners[name] = owner;
}

}  // namespace patchbay::sync
