#include "engine/queue/dead_letters.hpp"

#include <patchbay/sdk/json.hpp>

#include <map>
#include <string_view>

namespace patchbay::queue {
namespace {

constexpr std::size_t kRetryBatch = 1'000;

constexpr std::string_view kList = R"sql(
select id, jsonb_build_object(
  'id', id::text, 'kind', kind, 'connectionId', connection_id, 'topic', topic, 'laneKey', lane_key, 'attempts', attempts,
  'error', last_error,
  'createdAt', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  'diedAt', to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text as item
from work_items
where state = 'dead' and ($1::text is null or kind = $1) and ($2::uuid is null or connection_id = $2::uuid)
  and ($3::bigint is null or id < $3)
order by id desc limit $4::bigint
)sql";

constexpr std::string_view kRetryAll = R"sql(
update work_items w set state = 'due', due_at = now(), attempts = 0, finished_at = null, last_error = null
from (
  select id from work_items where state = 'dead' and ($1::text is null or kind = $1)
    and ($2::uuid is null or connection_id = $2::uuid) order by id limit $3::bigint for update skip locked
) chosen
where w.id = chosen.id returning w.id, w.kind
)sql";

constexpr std::string_view kRevive = R"sql(
update work_items set state = 'due', due_at = now(), attempts = 0, finished_at = null, last_error = null, outcome = null
where id = $1::bigint and state = any($2::text[]) and ($3::text is null or kind = $3) returning id, kind
)sql";

storage::Param or_null(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

storage::Param or_null(const std::optional<std::int64_t>& number) {
  if (!number) return std::nullopt;
  return std::to_string(*number);
}

}  // namespace

sdk::Result<std::vector<sdk::json::object>> DeadLetters::list(const DeadLetterFilter& filter) const {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database_.query(storage::Lane::kInteractive, kList,
                                  {or_null(filter.kind), or_null(filter.connection_id), or_null(filter.before_id),
                                   std::to_string(filter.count_max)}));
  std::vector<sdk::json::object> items;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    PATCHBAY_ASSIGN(sdk::json::value item, sdk::parse_json(rows.text(row, "item")));
    items.push_back(std::move(item.as_object()));
  }
  return items;
}

sdk::Result<void> DeadLetters::retry(std::int64_t id) const {
  PATCHBAY_ASSIGN(const storage::Rows rows,
                  database_.query(storage::Lane::kInteractive, kRevive, {std::to_string(id), "{dead}", std::nullopt}));
  if (rows.empty()) return sdk::not_found_error("queue.no_dead_letter", "There is no dead letter with this id.");
  queue_.announce(rows.text(0, "kind"), {id});
  return {};
}

sdk::Result<std::size_t> DeadLetters::retry_all(const DeadLetterFilter& filter) const {
  std::size_t count = 0;
  while (true) {
    PATCHBAY_ASSIGN(const storage::Rows rows, database_.query(storage::Lane::kInteractive, kRetryAll,
                                                              {or_null(filter.kind), or_null(filter.connection_id),
                                                               std::to_string(kRetryBatch)}));
    std::map<std::string, std::vector<std::int64_t>> by_kind;
    for (std::size_t row = 0; row < rows.size(); ++row)
      by_kind[rows.text(row, "kind")].push_back(rows.integer(row, "id"));
    for (const auto& [kind, ids] : by_kind) queue_.announce(kind, ids);
    count += rows.size();
    if (rows.size() < kRetryBatch) return count;
  }
}

sdk::Result<void> DeadLetters::replay(std::int64_t id, const std::string& kind) const {
  PATCHBAY_ASSIGN(const storage::Rows rows, database_.query(storage::Lane::kInteractive, kRevive,
                                                            {std::to_string(id), "{done,dead}", or_null(kind)}));
  if (!rows.empty()) {
    queue_.announce(rows.text(0, "kind"), {id});
    return {};
  }
  PATCHBAY_ASSIGN(const storage::Rows found,
                  database_.query(storage::Lane::kInteractive,
                                  "select 1 from work_items where id = $1::bigint and ($2::text is null or kind = $2)",
                                  {std::to_string(id), or_null(kind)}));
  if (found.empty()) return sdk::not_found_error("queue.no_such_item", "There is no such item.");
  return sdk::conflict_error("queue.not_finished", "It is still being worked on.");
}

}  // namespace patchbay::queue
