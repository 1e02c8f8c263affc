#include "hub/webhooks/receipt.hpp"

#include <unordered_set>

namespace patchbay::webhooks {
namespace {

constexpr std::string_view kInsert = R"sql(
with given as (
  select *, substr($8::bytea, body_at, body_size) as body
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $9::text[])
    with ordinality as u (connection_id, lane_key, dedupe_key, topic, headers, body_at, body_size, payload, place)
), stored as (
  insert into work_items (kind, connection_id, lane_key, dedupe_key, topic, headers, body, payload)
  select 'webhook', connection_id, lane_key, dedupe_key, topic, headers::jsonb, body, payload::jsonb from given order by place
  on conflict (kind, dedupe_key) where dedupe_key is not null do update set
    again = (work_items.state = 'claimed'),
    state = case when work_items.state = 'done' then 'due' else work_items.state end,
    due_at = case when work_items.state = 'done' then now() else work_items.due_at end,
    attempts = case when work_items.state = 'done' then 0 else work_items.attempts end,
    finished_at = null
  where work_items.state in ('claimed', 'done') and excluded.payload ? 'madeKey'
  returning id, state, (xmax = 0) as is_new
), counted as (
  insert into work_counters (kind, stage, shard, count)
  select 'webhook', 'stored', $10::smallint, count(*) from stored where is_new having count(*) > 0
  on conflict (kind, stage, shard) do update set count = work_counters.count + excluded.count
)
select id, is_new from stored where state = 'due'
)sql";

std::string payload_of(const Receipt& receipt) {
  std::string payload = "{";
  if (!receipt.own_event_id) payload += R"("madeKey":true)";
  if (!receipt.event.empty()) payload += (payload.size() > 1 ? R"(,"event":)" : R"("event":)") + receipt.event;
  return payload + "}";
}

}  // namespace

std::string_view insert_statement() {
  return kInsert;
}

storage::Params insert_params(const std::vector<const Receipt*>& receipts, int shard) {
  std::vector<std::string> connections, lanes, dedupe_keys, topics, headers, places, sizes, payloads;
  std::string bodies;  // of all receipts one after the other: as an array each would be spelt in hex, quoted and parsed
  std::unordered_set<std::string_view> keys;
  for (const Receipt* receipt : receipts) {
    if (!keys.insert(receipt->dedupe_key).second) continue;
    connections.push_back(receipt->connection_id);
    lanes.push_back(receipt->lane_key);
    dedupe_keys.push_back(receipt->dedupe_key);
    topics.push_back(receipt->topic);
    headers.push_back(receipt->headers);
    places.push_back(std::to_string(bodies.size() + 1));
    sizes.push_back(std::to_string(receipt->body.size()));
    bodies += receipt->body;
    payloads.push_back(payload_of(*receipt));
  }
  using storage::array_literal;
  return {array_literal(connections), array_literal(lanes),
          array_literal(dedupe_keys), array_literal(topics),
          array_literal(headers),     array_literal(places),
          array_literal(sizes),       storage::Param::of_bytes(std::move(bodies)),
          array_literal(payloads),    std::to_string(shard)};
}

std::vector<std::int64_t> inserted_ids(const storage::Rows& rows) {
  std::vector<std::int64_t> ids;
  ids.reserve(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) ids.push_back(rows.integer(row, "id"));
  return ids;
}

std::size_t inserted_count(const storage::Rows& rows) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) count += rows.boolean(row, "is_new") ? 1 : 0;
  return count;
}

redis::Command make_entry(const std::string& stream_key, const Receipt& receipt) {
  return {"XADD",
          stream_key,
          "*",
          "connection",
          receipt.connection_id,
          "lane",
          receipt.lane_key,
          "dedupe",
          receipt.dedupe_key,
          "own",
          receipt.own_event_id ? "1" : "0",
          "topic",
          receipt.topic,
          "headers",
          receipt.headers,
          "body",
          receipt.body,
          "event",
          receipt.event};
}

std::optional<Receipt> parse_entry(const redis::StreamEntry& entry) {
  Receipt receipt;
  for (const auto& [name, value] : entry.fields) {
    if (name == "connection") receipt.connection_id = value;
    if (name == "lane") receipt.lane_key = value;
    if (name == "dedupe") receipt.dedupe_key = value;
    if (name == "own") receipt.own_event_id = value == "1";
    if (name == "topic") receipt.topic = value;
    if (name == "headers") receipt.headers = value;
    if (name == "body") receipt.body = value;
    if (name == "event") receipt.event = value;
  }
  if (receipt.connection_id.empty() || receipt.dedupe_key.empty() || receipt.lane_key.empty()) return std::nullopt;
  return receipt;
}

}  // namespace patchbay::webhooks
