#include "engine/gateway/idempotency_store.hpp"

#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::gateway {
namespace {

constexpr std::size_t kResponseBytesMax = 256 * 1024;
constexpr std::string_view kNotKept = "";  // content type of an answer whose body was not kept

constexpr std::string_view kTake = R"sql(
  insert into idempotency_keys (user_id, route, key, body_hash, created_at) values ($1, $2, $3, $4, $5)
  on conflict (user_id, route, key) do update
    set body_hash = excluded.body_hash, status = null, response = null, content_type = null, created_at = excluded.created_at
    where idempotency_keys.created_at < $6
  returning 1)sql";
constexpr std::string_view kLook = R"sql(
  select body_hash = $4 as same, status, response, content_type, created_at < $5 as old
  from idempotency_keys where user_id = $1 and route = $2 and key = $3)sql";
constexpr std::string_view kFinish = R"sql(
  update idempotency_keys set status = $4, response = $5, content_type = $6
  where user_id = $1 and route = $2 and key = $3 and status is null)sql";
constexpr std::string_view kAbandon = R"sql(
  delete from idempotency_keys where user_id = $1 and route = $2 and key = $3 and status is null)sql";
constexpr std::string_view kRemoveExpired = R"sql(
  delete from idempotency_keys where ctid in (select ctid from idempotency_keys where created_at < $1 limit 5000))sql";

sdk::Error in_use(std::string_view reason, std::string message) {
  return sdk::conflict_error("request." + std::string(reason), std::move(message));
}

}  // namespace

IdempotencyStore::IdempotencyStore(storage::Database& database, const sdk::Clock& clock,
                                   std::chrono::milliseconds lifetime, std::chrono::milliseconds under_way_max)
    : database_(database), clock_(clock), lifetime_(lifetime), under_way_max_(under_way_max) {}

sdk::Result<std::variant<IdempotencyStore::Taken, http::Response>> IdempotencyStore::begin(
    const IdempotentRequest& request) {
  remove_expired_now_and_then();
  const auto now = clock_.now();
  PATCHBAY_ASSIGN(const auto taken, database_.query(storage::Lane::kInteractive, kTake,
                                                    {request.user_id, request.route, request.key,
                                                     storage::bytea_literal(request.body_hash), sdk::format_time(now),
                                                     sdk::format_time(now - lifetime_)}));
  if (!taken.empty()) return std::variant<Taken, http::Response>(Taken{});
  return judge_repeat(request);
}

sdk::Result<std::variant<IdempotencyStore::Taken, http::Response>> IdempotencyStore::judge_repeat(
    const IdempotentRequest& request) {
  PATCHBAY_ASSIGN(const auto rows, database_.query(storage::Lane::kInteractive, kLook,
                                                   {request.user_id, request.route, request.key,
                                                    storage::bytea_literal(request.body_hash),
                                                    sdk::format_time(clock_.now() - under_way_max_)}));
  // Given free between the two statements: the first request failed without effect, so the caller may simply try again.
  if (rows.empty()) return in_use("under_way", "A request with this Idempotency-Key has just ended; send it again.");
  if (!rows.boolean(0, "same")) {
    return in_use("idempotency_mismatch", "This Idempotency-Key was used for another request.");
  }
  if (!rows.at(0, "status")) {
    if (rows.boolean(0, "old")) {
      return in_use(
          "outcome_unknown",
          "The first request with this Idempotency-Key ended without an answer on record. Look up whether it took "
          "effect, then use a new key.");
    }
    return in_use("under_way", "A request with this Idempotency-Key is still under way.");
  }
  if (rows.text(0, "content_type") == kNotKept && !rows.at(0, "response")) {
    return in_use("already_created",
                  "already_created: the first request with this Idempotency-Key succeeded; its answer is not kept.");
  }
  http::Response response = http::Response::json(static_cast<int>(rows.integer(0, "status")), rows.text(0, "response"));
  response.content_type = rows.text(0, "content_type");
  response.set_header("Idempotency-Replayed", "true");
  return std::variant<Taken, http::Response>(std::move(response));
}

sdk::Result<void> IdempotencyStore::finish(const IdempotentRequest& request, const http::Response& response,
                                           bool keep_body) {
  const bool keeps = keep_body && response.body.size() <= kResponseBytesMax && sdk::is_clean_utf8(response.body);
  const storage::Param body = keeps ? storage::Param(response.body) : std::nullopt;
  const std::string content_type(keeps ? std::string_view(response.content_type) : kNotKept);
  PATCHBAY_TRY(database_.query(
      storage::Lane::kInteractive, kFinish,
      {request.user_id, request.route, request.key, std::to_string(response.status), body, content_type}));
  return {};
}

sdk::Result<void> IdempotencyStore::abandon(const IdempotentRequest& request) {
  PATCHBAY_TRY(database_.query(storage::Lane::kInteractive, kAbandon, {request.user_id, request.route, request.key}));
  return {};
}

sdk::Result<std::uint64_t> IdempotencyStore::remove_expired() {
  PATCHBAY_ASSIGN(const auto removed, database_.query(storage::Lane::kInteractive, kRemoveExpired,
                                                      {sdk::format_time(clock_.now() - lifetime_)}));
  return removed.affected_count();
}

void IdempotencyStore::remove_expired_now_and_then() {
  const auto now = clock_.now();
  auto due = next_removal_.load();
  const auto next = (now + std::chrono::minutes(10)).time_since_epoch().count();
  if (now.time_since_epoch().count() < due || !next_removal_.compare_exchange_strong(due, next)) return;
  if (const auto removed = remove_expired(); !removed.ok()) {
    base::log_warning("gateway", "expired idempotency keys were not removed", {{"code", removed.error().code}});
  }
}

}  // namespace patchbay::gateway
