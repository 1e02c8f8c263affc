#include "engine/queue/claim_store.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/json.hpp>

#include <algorithm>
#include <string_view>

namespace patchbay::queue {
namespace {

// A claim need not survive a crash of PostgreSQL (the row is then due again and the worker's complete() finds no
// claim), so it does not wait for the disk. Rows of one lane in one claim take seats behind each other; the unique
// index on (lane, seat) keeps two claims that look at the same moment from both taking the lane.
#define PATCHBAY_CLAIM(candidates)                                                                                  \
  "with quick as materialized (select set_config('synchronous_commit', 'off', true)), "                             \
  "candidate as materialized (" candidates                                                                          \
  "), seated as (select id, (row_number() over (partition by lane_key order by id) - 1)::smallint as seat "         \
  "from candidate) "                                                                                                \
  "update work_items w set state = 'claimed', claim_id = $3::uuid, attempts = w.attempts + 1, lane_seat = s.seat, " \
  "claimed_until = now() + $4::bigint * interval '1 millisecond' "                                                  \
  "from seated s where w.id = s.id and (s.seat = 0 or $5::boolean) "                                                \
  "returning w.id, w.kind, w.connection_id, w.lane_key, w.topic, w.headers::text as headers, w.body, "              \
  "w.payload::text as payload, w.attempts, (extract(epoch from w.created_at) * 1000)::bigint as created_ms"
// A scalar subquery, because it cannot become a join: that would walk the index of claimed rows from end to end, which
// holds an entry of every row that was ever claimed until the next vacuum.
#define PATCHBAY_LANE_FREE \
  "(select c.id from work_items c where c.lane_key = w.lane_key and c.state = 'claimed' limit 1) is null"

// Row by row over the primary key. The state is compared as an expression, so that no plan walks the whole index of due
// rows (as long as the backlog) for the sake of a few ids.
constexpr std::string_view kClaim = PATCHBAY_CLAIM(
    "select taken.id, taken.lane_key from quick, unnest($6::bigint[]) as wanted (id) cross join lateral ("
    "select w.id, w.lane_key from work_items w where w.id = wanted.id and w.kind = $1 and (w.state || '') = 'due' "
    "and w.due_at <= now() and " PATCHBAY_LANE_FREE " for update of w skip locked) taken limit $2::bigint");
constexpr std::string_view kClaimDue = PATCHBAY_CLAIM(
    "select w.id, w.lane_key from work_items w, quick where w.kind = $1 and w.state = 'due' and w.due_at <= now() "
    "and " PATCHBAY_LANE_FREE " order by w.due_at, w.id limit $2::bigint for update of w skip locked");

#undef PATCHBAY_LANE_FREE
#undef PATCHBAY_CLAIM

constexpr std::string_view kStillDue =
    "select id from work_items where id = any($1::bigint[]) and kind = $2 and (state || '') = 'due' and due_at <= "
    "now()";

// From here on the claim id alone says that a row is claimed: it is taken away with every other state.
constexpr std::string_view kComplete = R"sql(
update work_items set
  state = case when again then 'due' else 'done' end,
  due_at = case when again then clock_timestamp() else due_at end,
  attempts = case when again then 0 else attempts end,
  finished_at = case when again then null else clock_timestamp() end,
  again = false, outcome = $3, claim_id = null, claimed_until = null, last_error = null
where id = any($1::bigint[]) and claim_id = $2::uuid
)sql";

constexpr std::string_view kSettle = R"sql(
update work_items w set
  state = case when u.dead then 'dead' else 'due' end,
  due_at = case when u.dead then w.due_at else now() + u.delay * interval '1 millisecond' end,
  attempts = w.attempts - case when u.counted then 0 else 1 end,
  finished_at = case when u.dead then now() end,
  again = false, claim_id = null, claimed_until = null, last_error = u.error::jsonb
from unnest($2::bigint[], $3::boolean[], $4::boolean[], $5::bigint[], $6::text[]) as u (id, dead, counted, delay, error)
where w.id = u.id and w.claim_id = $1::uuid
)sql";

constexpr std::string_view kRenew = R"sql(
with renewed as (
  update work_items set claimed_until = now() + $2::bigint * interval '1 millisecond'
  where id = any($3::bigint[]) and claim_id = any($1::uuid[]) returning claim_id
)
select distinct claim_id from renewed
)sql";

std::string id_array(const std::vector<std::int64_t>& ids) {
  std::string text = "{";
  for (const std::int64_t id : ids) {
    if (text.size() > 1) text += ',';
    text += std::to_string(id);
  }
  return text + "}";
}

sdk::json::object parse_object(std::string_view text) {
  if (text.empty()) return {};
  auto parsed = sdk::parse_json(text);
  if (parsed.ok() && parsed->is_object()) return std::move(parsed->get_object());
  return {};
}

sdk::Result<WorkItem> parse_item(const storage::Rows& rows, std::size_t row) {
  WorkItem item;
  item.id = rows.integer(row, "id");
  item.kind = rows.text(row, "kind");
  item.connection_id = rows.text(row, "connection_id");
  item.lane_key = rows.text(row, "lane_key");
  item.topic = rows.text(row, "topic");
  item.headers = parse_object(rows.at(row, "headers").value_or(""));
  if (const auto body = rows.at(row, "body")) {
    PATCHBAY_ASSIGN(item.body, storage::decode_bytea(*body));
  }
  item.payload = parse_object(rows.at(row, "payload").value_or(""));
  item.attempts = static_cast<int>(rows.integer(row, "attempts"));
  item.created_at = std::chrono::system_clock::time_point(std::chrono::milliseconds(rows.integer(row, "created_ms")));
  return item;
}

sdk::Result<std::vector<WorkItem>> parse_items(const storage::Rows& rows) {
  std::vector<WorkItem> items;
  items.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    PATCHBAY_ASSIGN(WorkItem item, parse_item(rows, row));
    items.push_back(std::move(item));
  }
  std::sort(items.begin(), items.end(), [](const WorkItem& left, const WorkItem& right) { return left.id < right.id; });
  return items;
}

}  // namespace

sdk::json::object error_json(const sdk::Error& error) {
  sdk::json::object object{
      {"class", sdk::error_class_name(error.error_class)}, {"code", error.code}, {"message", error.message}};
  if (error.field) object["field"] = *error.field;
  object["at"] = sdk::format_time(std::chrono::system_clock::now());
  return object;
}

sdk::Result<std::vector<WorkItem>> ClaimStore::claim(const ClaimRequest& request,
                                                     const std::vector<std::int64_t>& ids) const {
  const storage::Params params = {request.kind,
                                  std::to_string(request.count_max),
                                  request.claim_id,
                                  std::to_string(lease_.count()),
                                  request.lane_runs ? "true" : "false",
                                  id_array(ids)};
  PATCHBAY_ASSIGN(const storage::Rows rows, database_.query(storage::Lane::kWorker, kClaim, params));
  return parse_items(rows);
}

sdk::Result<std::vector<WorkItem>> ClaimStore::claim_due(const ClaimRequest& request) const {
  const storage::Params params = {request.kind, std::to_string(request.count_max), request.claim_id,
                                  std::to_string(lease_.count()), request.lane_runs ? "true" : "false"};
  PATCHBAY_ASSIGN(const storage::Rows rows, database_.query(storage::Lane::kWorker, kClaimDue, params));
  return parse_items(rows);
}

sdk::Result<std::vector<std::int64_t>> ClaimStore::still_due(const std::string& kind,
                                                             const std::vector<std::int64_t>& ids) const {
  PATCHBAY_ASSIGN(const storage::Rows rows, database_.query(storage::Lane::kWorker, kStillDue, {id_array(ids), kind}));
  std::vector<std::int64_t> due;
  for (std::size_t row = 0; row < rows.size(); ++row) due.push_back(rows.integer(row, "id"));
  return due;
}

sdk::Result<void> ClaimStore::complete(storage::Session& session, const std::string& claim_id,
                                       const std::vector<std::int64_t>& ids, const std::string& outcome) {
  if (ids.empty()) return {};
  PATCHBAY_ASSIGN(const storage::Rows rows, session.execute(kComplete, {id_array(ids), claim_id, outcome}));
  if (rows.affected_count() == ids.size()) return {};
  return sdk::conflict_error("queue.claim_lost", "The lease on this work was lost; somebody else does it.");
}

sdk::Result<void> ClaimStore::settle(const std::string& claim_id, const std::vector<Settlement>& settlements) const {
  if (settlements.empty()) return {};
  std::vector<std::int64_t> ids;
  std::vector<std::string> dead, counted, delays, errors;
  for (const Settlement& settlement : settlements) {
    ids.push_back(settlement.id);
    dead.emplace_back(settlement.dead ? "true" : "false");
    counted.emplace_back(settlement.counted ? "true" : "false");
    delays.push_back(std::to_string(settlement.delay.count()));
    errors.push_back(sdk::json::serialize(error_json(settlement.error)));
  }
  using storage::array_literal;
  PATCHBAY_TRY(database_.query(storage::Lane::kWorker, kSettle,
                               {claim_id, id_array(ids), array_literal(dead), array_literal(counted),
                                array_literal(delays), array_literal(errors)}));
  return {};
}

sdk::Result<std::set<std::string>> ClaimStore::renew(const std::vector<std::string>& claim_ids,
                                                     const std::vector<std::int64_t>& item_ids) const {
  PATCHBAY_ASSIGN(const storage::Rows rows, database_.query(storage::Lane::kWorker, kRenew,
                                                            {storage::array_literal(claim_ids),
                                                             std::to_string(lease_.count()), id_array(item_ids)}));
  std::set<std::string> held;
  for (std::size_t row = 0; row < rows.size(); ++row) held.insert(rows.text(row, "claim_id"));
  return held;
}

}  // namespace patchbay::queue
