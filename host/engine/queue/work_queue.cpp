#include "engine/queue/work_queue.hpp"

#include <string_view>

namespace patchbay::queue {
namespace {

constexpr std::string_view kEnqueue = R"sql(
insert into work_items (kind, connection_id, lane_key, dedupe_key, payload, due_at)
select u.kind, u.connection_id::uuid, u.lane_key, u.dedupe_key, u.payload::jsonb, now() + u.delay * interval '1 millisecond'
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
  with ordinality as u (kind, connection_id, lane_key, dedupe_key, payload, delay, place)
order by u.place
on conflict (kind, dedupe_key) where dedupe_key is not null do nothing
returning id
)sql";

storage::Param or_null(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

sdk::Result<std::vector<std::int64_t>> PgWorkQueue::enqueue(storage::Session& session,
                                                            const std::vector<NewWork>& work) {
  std::vector<std::int64_t> ids;
  if (work.empty()) return ids;
  std::vector<std::string> kinds, lanes, payloads, delays;
  std::vector<storage::Param> connections, dedupe_keys;
  for (const NewWork& item : work) {
    kinds.push_back(item.kind);
    connections.push_back(or_null(item.connection_id));
    lanes.push_back(item.lane_key);
    dedupe_keys.push_back(or_null(item.dedupe_key));
    payloads.push_back(sdk::json::serialize(item.payload));
    delays.push_back(std::to_string(item.delay.count()));
  }
  using storage::array_literal;
  PATCHBAY_ASSIGN(
      const storage::Rows rows,
      session.execute(kEnqueue, {array_literal(kinds), array_literal(connections), array_literal(lanes),
                                 array_literal(dedupe_keys), array_literal(payloads), array_literal(delays)}));
  ids.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) ids.push_back(rows.integer(row, "id"));
  return ids;
}

}  // namespace patchbay::queue
