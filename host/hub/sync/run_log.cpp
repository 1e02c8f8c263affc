#include "hub/sync/run_log.hpp"

namespace patchbay::sync {
namespace {

storage::Param or_null(const std::string& text) {
  return text.empty() ? storage::Param() : storage::Param(text);
}

/// At most `bytes` of UTF-8, cut between characters.
std::string clipped(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

sdk::Result<void> append_log(storage::Session& session, const connections::Connection& connection,
                             const std::string& run_id, const std::vector<LogRow>& rows) {
  if (rows.empty()) return {};
  std::vector<std::string> operations, resources, external_ids, statuses, metadata;
  std::vector<storage::Param> entity_ids, errors;
  for (const LogRow& row : rows) {
    operations.push_back(row.operation);
    resources.push_back(row.resource);
    external_ids.push_back(clipped(row.external_id, 255));
    statuses.push_back(row.status);
    metadata.push_back(row.metadata.empty() ? "{}" : sdk::canonical_json(row.metadata));
    entity_ids.push_back(or_null(row.entity_id));
    errors.push_back(or_null(clipped(row.error_message, 2000)));
  }
  using storage::array_literal;
  PATCHBAY_TRY(session.execute(
      "insert into sync_log (run_id, connection_id, service, operation, resource_type, resource_id, entity_id, status,"
      " error_message, metadata) select $1::uuid, $2::uuid, $3, t.operation, t.resource, t.external_id, t.entity_id, "
      "t.status,"
      " t.error_message, t.metadata from unnest($4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[], "
      "$9::text[], $10::jsonb[])"
      " as t(operation, resource, external_id, entity_id, status, error_message, metadata)",
      {or_null(run_id), connection.id, connection.connector, array_literal(operations), array_literal(resources),
       array_literal(external_ids), array_literal(entity_ids), array_literal(statuses), array_literal(errors),
       array_literal(metadata)}));
  return {};
}

}  // namespace patchbay::sync
