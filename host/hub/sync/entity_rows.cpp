#include "hub/sync/entity_rows.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

using resources::Field;
using resources::FieldType;

/// SQL that tells the column in the form same_value compares.
std::string column_text(const Field& field) {
  switch (field.type) {
    case FieldType::kTime:
      return "to_char(e." + field.column + " at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')";
    case FieldType::kTextList:
    case FieldType::kUuidList:
      return "to_json(e." + field.column + ")::text";
    default:
      return "e." + field.column + "::text";
  }
}

std::vector<const Field*> fields_of(const resources::ResourceDescription& description,
                                    const mapping::ResourceMapping& rules) {
  std::vector<const Field*> fields;
  const auto add = [&](std::string_view name) {
    const Field* field = description.find_field(name);
    if (field != nullptr && std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
  };
  for (const mapping::FieldRule& rule : rules.fields) {
    add(rule.field);
    const Field* field = description.find_field(rule.field);
    if (field != nullptr && !field->normalized_field.empty()) add(field->normalized_field);
  }
  if (rules.needs_currency) add("currency");
  return fields;
}

/// "-0120.5000" and "-120.5" are the same amount.
std::string plain_decimal(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  while (text.size() > 1 && text.front() == '0' && text[1] != '.') text.remove_prefix(1);
  if (text.find('.') != std::string_view::npos) {
    while (text.back() == '0') text.remove_suffix(1);
    if (text.back() == '.') text.remove_suffix(1);
  }
  return (negative && text != "0" ? "-" : "") + std::string(text);
}

}  // namespace

std::optional<std::string> stored_text(const sdk::json::value& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_object() || value.is_array()) return sdk::canonical_json(value);
  return sdk::scalar_text(value);
}

bool same_value(const Field& field, const std::optional<std::string>& stored, const sdk::json::value& value) {
  if (value.is_null() || !stored) return value.is_null() && !stored;
  switch (field.type) {
    case FieldType::kObject:
    case FieldType::kArray:
    case FieldType::kTextList:
    case FieldType::kUuidList: {
      const auto parsed = sdk::parse_json(*stored);
      return parsed.ok() && sdk::canonical_json(parsed.value()) == sdk::canonical_json(value);
    }
    case FieldType::kMoney:
      return plain_decimal(*stored) == plain_decimal(sdk::scalar_text(value).value_or(""));
    default:
      return *stored == sdk::scalar_text(value);
  }
}

sdk::Result<EntitiesById> load_entities(storage::Session& session, const resources::ResourceDescription& description,
                                        const mapping::ResourceMapping& rules, std::vector<std::string> ids) {
  EntitiesById entities;
  if (ids.empty()) return entities;
  std::sort(ids.begin(), ids.end());
  const std::vector<const Field*> fields = fields_of(description, rules);
  // Table and column names come from the description, never from outside.
  std::string sql = "select e.id, e.deleted_at is not null, e.owners::text";
  for (const Field* field : fields) sql += ", " + column_text(*field);
  sql += " from " + description.table + " e where e.id = any($1::uuid[]) order by e.id for update";
  PATCHBAY_ASSIGN(const storage::Rows rows, session.execute(sql, {storage::array_literal(ids)}));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    EntityRow entity;
    entity.id = *rows.at(row, std::size_t{0});
    entity.deleted = rows.at(row, std::size_t{1}) == "t";
    auto owners = sdk::parse_json(rows.at(row, std::size_t{2}).value_or("{}"));
    if (owners.ok() && owners.value().is_object()) entity.owners = std::move(owners.value().get_object());
    for (std::size_t at = 0; at < fields.size(); ++at) {
      const auto text = rows.at(row, at + 3);
      entity.values.emplace(fields[at]->name, text ? std::optional<std::string>(*text) : std::nullopt);
    }
    std::string id = entity.id;
    entities.emplace(std::move(id), std::move(entity));
  }
  return entities;
}

}  // namespace patchbay::sync
