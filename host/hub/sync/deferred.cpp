#include "hub/sync/deferred.hpp"

#include <patchbay/sdk/codec.hpp>

namespace patchbay::sync {

using storage::array_literal;

sdk::Result<void> store_deferred(storage::Session& session, const std::string& run_id, const std::string& resource,
                                 const std::vector<DeferredRecord>& records) {
  if (records.empty()) return {};
  std::vector<std::string> external_ids, matched_by, keys, texts;
  for (const DeferredRecord& deferred : records) {
    external_ids.push_back(deferred.record->external_id);
    matched_by.push_back(deferred.matched_by);
    keys.push_back(deferred.key);
    texts.push_back(sdk::json::serialize(sdk::encode(*deferred.record)));
  }
  PATCHBAY_TRY(session.execute(
      "insert into sync_deferred_records (run_id, resource, external_id, matched_by, key, record)"
      " select $1::uuid, $2, t.external_id, t.matched_by, t.key, t.record"
      " from unnest($3::text[], $4::text[], $5::text[], $6::text[]) as t(external_id, matched_by, key, record)"
      " on conflict (run_id, resource, external_id) do update set record = excluded.record",
      {run_id, resource, array_literal(external_ids), array_literal(matched_by), array_literal(keys),
       array_literal(texts)}));
  return {};
}

sdk::Result<DeferredBatch> load_deferred(storage::Session& session, const std::string& run_id,
                                         const std::string& resource, std::size_t count_max) {
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute("select d.record, d.matched_by, d.key, (select count(*) from sync_deferred_records o"
                      " where o.run_id = d.run_id and o.resource = d.resource and o.matched_by = d.matched_by"
                      " and o.key = d.key) > 1 as contested from sync_deferred_records d"
                      " where d.run_id = $1::uuid and d.resource = $2 and not d.applied"
                      " order by d.matched_by, d.external_id limit $3::int",
                      {run_id, resource, std::to_string(count_max)}));
  DeferredBatch batch;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    // One kind of match at a time: what was tied by e-mail is taken before phones are looked at.
    if (rows.at(row, "matched_by") != rows.at(0, "matched_by")) break;
    PATCHBAY_ASSIGN(const sdk::json::value value, sdk::parse_json(rows.text(row, "record")));
    PATCHBAY_ASSIGN(sdk::Record record, sdk::decode_record(value));
    batch.records.push_back(std::move(record));
    if (!rows.boolean(row, "contested")) continue;
    auto& keys = rows.at(row, "matched_by") == "email" ? batch.contested.emails : batch.contested.phones;
    keys.insert(rows.text(row, "key"));
  }
  return batch;
}

sdk::Result<void> mark_deferred_applied(storage::Session& session, const std::string& run_id,
                                        const std::string& resource, const std::vector<sdk::Record>& records) {
  std::vector<std::string> external_ids;
  for (const sdk::Record& record : records) external_ids.push_back(record.external_id);
  if (external_ids.empty()) return {};
  PATCHBAY_TRY(
      session.execute("update sync_deferred_records set applied = true where run_id = $1::uuid and resource = $2"
                      " and external_id = any($3::text[]) and not applied",
                      {run_id, resource, array_literal(external_ids)}));
  return {};
}

}  // namespace patchbay::sync
