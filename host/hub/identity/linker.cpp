#include "hub/identity/linker.hpp"

#include "hub/identity/key_lookup.hpp"
#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"

#include <set>

namespace patchbay::identity {
namespace {

/// Advisory locks are of one class and few buckets, so that a page of any size cannot exhaust the server's lock table.
constexpr int kLockClass = 7193;
constexpr unsigned kLockBuckets = 1024;
/// More candidates for one key than this tell nothing more: it is ambiguous anyway.
constexpr int kCandidatesMax = 10;

sdk::Result<void> lock_keys(storage::Session& session, const IdentityScope& scope,
                            const std::vector<IdentityRecord>& records) {
  std::set<unsigned> buckets;
  const auto add = [&](std::string_view kind, const std::string& key) {
    if (key.empty()) return;
    const auto hash =
        static_cast<unsigned long long>(base::lock_hash(scope.description->kind + ":" + std::string(kind) + ":" + key));
    buckets.insert(static_cast<unsigned>(hash % kLockBuckets));
  };
  for (const IdentityRecord& record : records) {
    if (scope.by_email) add("email", record.email);
    if (scope.by_phone) add("phone", record.phone);
  }
  if (buckets.empty()) return {};
  std::vector<std::string> sorted;
  for (unsigned bucket : buckets) sorted.push_back(std::to_string(bucket));
  PATCHBAY_TRY(session.execute("select count(pg_advisory_xact_lock($1::int, bucket)) from unnest($2::int[]) as bucket",
                               {std::to_string(kLockClass), storage::array_literal(sorted)}));
  return {};
}

/// "{id,id}" of a uuid[].
std::vector<std::string> parse_ids(std::string_view literal) {
  std::vector<std::string> ids;
  for (literal = literal.substr(1, literal.size() - 2); !literal.empty();) {
    const auto comma = literal.find(',');
    ids.emplace_back(literal.substr(0, comma));
    if (comma == std::string_view::npos) break;
    literal.remove_prefix(comma + 1);
  }
  return ids;
}

sdk::Result<CandidatesByKey> find_candidates(storage::Session& session, const IdentityScope& scope,
                                             const std::set<std::string>& keys, std::string_view key_name) {
  CandidatesByKey candidates;
  if (keys.empty()) return candidates;
  const resources::ResourceDescription& description = *scope.description;
  // Table and column names come from the description, never from outside.
  // No limit inside: with one the planner reads the whole table for keys that nobody has.
  const std::string slice = "[1:" + std::to_string(kCandidatesMax) + "]::text";
  const std::string sql =
      "select k.key, v.verified, (array_agg(e.id order by e.id))" + slice +
      " as ids, bool_or(exists (select 1 from entity_links l where l.entity_kind = $2 and l.entity_id = e.id"
      " and l.connection_id = $3::uuid and l.resource = $4 and l.deleted_at is null)) as linked"
      " from unnest($1::text[]) as k(key) join " +
      description.table + " e on " + key_expression(description, key_name) +
      " = k.key and e.deleted_at is null cross join lateral (select " + verified_condition(description, key_name) +
      " as verified) v group by k.key, v.verified";
  const std::vector<std::string> wanted(keys.begin(), keys.end());
  PATCHBAY_ASSIGN(const storage::Rows rows, session.execute(sql, {storage::array_literal(wanted), description.kind,
                                                                  scope.connection_id, scope.resource}));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    // Whether one is linked matters only where there is one.
    std::vector<Candidate>& found = candidates[rows.text(row, "key")];
    for (const std::string& id : parse_ids(rows.text(row, "ids")))
      found.push_back({id, rows.boolean(row, "linked"), rows.boolean(row, "verified")});
  }
  return candidates;
}

}  // namespace

sdk::Result<std::vector<Resolution>> Linker::resolve(storage::Session& session, const IdentityScope& scope,
                                                     const std::vector<IdentityRecord>& records) const {
  std::set<std::string> emails, phones;
  for (const IdentityRecord& record : records) {
    if (scope.by_email && !record.email.empty()) emails.insert(record.email);
    if (scope.by_phone && !record.phone.empty()) phones.insert(record.phone);
  }
  PATCHBAY_TRY(lock_keys(session, scope, records));
  PATCHBAY_ASSIGN(const CandidatesByKey by_email, find_candidates(session, scope, emails, "email"));
  PATCHBAY_ASSIGN(const CandidatesByKey by_phone, find_candidates(session, scope, phones, "phone"));
  return match(records, by_email, by_phone, &base::new_uuid, scope.contested);
}

sdk::Result<void> Linker::report(storage::Session& session, const IdentityScope& scope,
                                 const std::vector<IdentityRecord>& records,
                                 const std::vector<Resolution>& resolutions) const {
  std::vector<std::string> ids, external_ids, entity_ids, candidates, keys;
  for (std::size_t at = 0; at < resolutions.size(); ++at) {
    const Resolution& resolution = resolutions[at];
    if (resolution.kind != Resolution::Kind::kAmbiguous) continue;
    ids.push_back(base::new_uuid());
    external_ids.push_back(records[at].external_id);
    entity_ids.push_back(resolution.entity_id);
    candidates.push_back(storage::array_literal(resolution.candidates));
    keys.push_back(resolution.matched_by);
  }
  if (ids.empty()) return {};
  using storage::array_literal;
  PATCHBAY_TRY(session.execute(
      "insert into identity_conflicts (id, connection_id, resource, external_id, entity_kind, entity_id, candidates, "
      "matched_by)"
      " select t.id, $1::uuid, $2, t.external_id, $3, t.entity_id, t.candidates::uuid[], t.matched_by"
      " from unnest($4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::text[]) as t(id, external_id, entity_id, "
      "candidates, matched_by)"
      " order by t.external_id on conflict (connection_id, resource, external_id) do nothing",
      {scope.connection_id, scope.resource, scope.description->kind, array_literal(ids), array_literal(external_ids),
       array_literal(entity_ids), array_literal(candidates), array_literal(keys)}));
  return {};
}

}  // namespace patchbay::identity
