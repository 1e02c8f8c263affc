#include "hub/identity/key_lookup.hpp"

namespace patchbay::identity {

std::string key_expression(const resources::ResourceDescription& description, std::string_view key_name) {
  const resources::Field* field = description.find_field(key_name);
  if (field == nullptr) return "null";
  if (field->type == resources::FieldType::kEmail) return "lower(e." + field->column + ")";
  const resources::Field* normal =
      field->normalized_field.empty() ? nullptr : description.find_field(field->normalized_field);
  return "e." + (normal == nullptr ? field->column : normal->column);
}

std::string verified_condition(const resources::ResourceDescription& description, std::string_view key_name) {
  const resources::Field* marks = description.find_field(description.unverified_field);
  const resources::Field* field = description.find_field(key_name);
  if (marks == nullptr || field == nullptr) return "true";
  return "not ('" + field->name + "' = any (e." + marks->column + "))";
}

sdk::Result<std::map<std::string, std::string>> find_by_key(storage::Session& session,
                                                            const resources::ResourceDescription& description,
                                                            std::string_view key_name,
                                                            const std::set<std::string>& keys) {
  std::map<std::string, std::string> found;
  if (keys.empty()) return found;
  const bool by_id = key_name == "id";
  const std::string sql = by_id ? "select e.id as key, e.id from " + description.table +
                                      " e where e.id = any($1::uuid[]) and e.deleted_at is null"
                                : "select k.key, (array_agg(e.id))[1] as id from unnest($1::text[]) as k(key) join " +
                                      description.table + " e on " + key_expression(description, key_name) +
                                      " = k.key and e.deleted_at is null and " +
                                      verified_condition(description, key_name) + " group by k.key having count(*) = 1";
  const std::vector<std::string> wanted(keys.begin(), keys.end());
  PATCHBAY_ASSIGN(const storage::Rows rows, session.execute(sql, {storage::array_literal(wanted)}));
  for (std::size_t row = 0; row < rows.size(); ++row) found[rows.text(row, "key")] = rows.text(row, "id");
  return found;
}

}  // namespace patchbay::identity
