#include "engine/resources/drift_check.hpp"

#include <map>

namespace patchbay::resources {
namespace {

struct Column {
  std::string type;
  bool nullable = false;
  std::size_t length = 0;
};

using Table = std::map<std::string, Column, std::less<>>;

constexpr std::string_view kColumns =
    "select c.table_name, c.column_name, c.udt_name, c.is_nullable = 'YES' as nullable, "
    "coalesce(c.character_maximum_length, 0) as length from information_schema.columns c "
    "where c.table_schema = current_schema() and c.table_name = any ($1::text[])";

/// The names under which PostgreSQL may keep a field's type.
std::vector<std::string> column_types(FieldType type) {
  switch (type) {
    case FieldType::kUuid:
      return {"uuid"};
    case FieldType::kInteger:
      return {"int2", "int4", "int8"};
    case FieldType::kBoolean:
      return {"bool"};
    case FieldType::kTime:
      return {"timestamptz"};
    case FieldType::kMoney:
      return {"numeric"};
    case FieldType::kObject:
    case FieldType::kArray:
      return {"jsonb"};
    case FieldType::kTextList:
      return {"_text"};
    case FieldType::kUuidList:
      return {"_uuid"};
    default:
      return {"varchar", "text", "bpchar"};
  }
}

void compare(const ResourceDescription& description, const Table& table, std::vector<std::string>& differences) {
  const auto differs = [&](const std::string& column, const std::string& what) {
    differences.push_back(description.table + "." + column + ": " + what);
  };
  // The database finds the table of a link's entity by this rule (touch_entities).
  if (description.synced && description.table != description.kind + "s")
    differences.push_back(description.table + ": is not the plural of '" + description.kind + "'");
  for (const char* common : {"id", "version", "owners", "created_at", "updated_at", "deleted_at"}) {
    if (!table.contains(common)) differs(common, "the table has no such column");
  }
  for (const Field& field : description.fields) {
    const auto found = table.find(field.column);
    if (found == table.end()) {
      differs(field.column, "the table has no such column");
      continue;
    }
    const Column& column = found->second;
    const auto types = column_types(field.type);
    if (std::find(types.begin(), types.end(), column.type) == types.end()) {
      differs(field.column, "is of type " + column.type + ", described as " + types.front());
    }
    if (column.nullable != field.nullable) {
      differs(field.column,
              column.nullable ? "may be null, described as never null" : "is never null, described as nullable");
    }
    const bool bounded_by_api_only = field.services_may_exceed && column.length == 0;
    if (column.length != field.length_max && field.type != FieldType::kEnum && !bounded_by_api_only) {
      differs(field.column, "holds " + std::to_string(column.length) + " characters, described as " +
                                std::to_string(field.length_max));
    }
    for (const std::string& value : field.values) {
      if (column.length > 0 && value.size() > column.length) differs(field.column, "is too short for '" + value + "'");
    }
  }
}

}  // namespace

sdk::Result<std::vector<std::string>> drift_check(storage::Database& database, const Registry& registry) {
  std::vector<std::string> names;
  for (const ResourceDescription& description : registry.all()) names.push_back(description.table);
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database.query(storage::Lane::kInteractive, kColumns, {storage::array_literal(names)}));
  std::map<std::string, Table, std::less<>> tables;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    tables[rows.text(i, "table_name")][rows.text(i, "column_name")] = {
        rows.text(i, "udt_name"), rows.boolean(i, "nullable"), static_cast<std::size_t>(rows.integer(i, "length"))};
  }
  std::vector<std::string> differences;
  for (const ResourceDescription& description : registry.all()) {
    const auto table = tables.find(description.table);
    if (table == tables.end()) {
      differences.push_back(description.table + ": there is no such table");
    } else {
      compare(description, table->second, differences);
    }
  }
  return differences;
}

}  // namespace patchbay::resources
