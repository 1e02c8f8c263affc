#include "hub/sync/echo.hpp"

#include <algorithm>

namespace patchbay::sync {

std::vector<std::string> parse_name_list(std::string_view literal) {
  std::vector<std::string> names;
  if (literal.size() < 2) return names;
  literal = literal.substr(1, literal.size() - 2);
  while (!literal.empty()) {
    const auto comma = literal.find(',');
    names.emplace_back(literal.substr(0, comma));
    if (comma == std::string_view::npos) break;
    literal.remove_prefix(comma + 1);
  }
  return names;
}

std::vector<std::string> echo_keys(const sdk::json::object& values) {
  std::vector<std::string> keys;
  for (const char* name : {"email", "phone", "name", "title", "toAddress", "body"}) {
    const auto* value = values.if_contains(name);
    if (value == nullptr || !value->is_string() || value->get_string().empty()) continue;
    std::string key(value->get_string());
    std::transform(key.begin(), key.end(), key.begin(), [](char character) {
      return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
    });
    keys.push_back(std::string(name) + ":" + key);
  }
  return keys;
}

sdk::Result<void> check_no_create_under_way(storage::Session& session, const std::string& connection_id,
                                            const std::string& resource,
                                            const std::vector<const mapping::MappedRecord*>& new_records) {
  // Older ones are of a worker that died: its work item comes again, with the same idempotency key.
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute("select k from sync_creates_under_way c, unnest(c.keys) as k where c.connection_id = $1::uuid"
                      " and c.resource = $2 and c.started_at > now() - interval '2 minutes'",
                      {connection_id, resource}));
  if (rows.empty()) return {};
  FieldNames under_way;
  for (std::size_t row = 0; row < rows.size(); ++row) under_way.insert(rows.text(row, "k"));
  for (const auto* record : new_records) {
    for (const std::string& key : echo_keys(record->values)) {
      if (under_way.count(key) == 0) continue;
      sdk::Error error =
          sdk::transient_error("sync.create_under_way", "The record may be one that the hub is creating right now.");
      error.retry_after = std::chrono::milliseconds(500);
      return error;
    }
  }
  return {};
}

sdk::Result<std::map<std::string, FieldNames>> find_undelivered_changes(storage::Session& session,
                                                                        const std::string& entity_kind,
                                                                        const std::vector<std::string>& entity_ids) {
  std::map<std::string, FieldNames> changes;
  if (entity_ids.empty()) return changes;
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute("select o.entity_id, o.changed_fields from event_sinks s join outbox o on o.xid >= s.xid"
                      " and (o.xid, o.id) > (s.xid, s.id) where s.name = 'writeback' and o.origin = 'api'"
                      " and o.entity_kind = $1 and o.entity_id = any($2::uuid[])",
                      {entity_kind, storage::array_literal(entity_ids)}));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::string& field : parse_name_list(rows.text(row, "changed_fields"))) {
      changes[rows.text(row, "entity_id")].insert(std::move(field));
    }
  }
  return changes;
}

}  // namespace patchbay::sync
