#include "hub/auth/audit_writer.hpp"

#include "platform/base/log.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <vector>

namespace patchbay::auth {
namespace {

constexpr std::size_t kWaitingMax = 10'000;
constexpr std::size_t kBatchMax = 500;
constexpr std::chrono::milliseconds kPeriod{200};

constexpr std::string_view kInsert = R"sql(
  insert into audit_log (at, actor_kind, actor_id, action, address, request_id, details)
  select * from unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[]))sql";

storage::Param text_or_null(const std::string& text) {
  return text.empty() ? storage::Param() : storage::Param(text);
}

}  // namespace

AuditWriter::AuditWriter(storage::Database& database, const sdk::Clock& clock, base::Metrics& metrics)
    : database_(database),
      clock_(clock),
      metrics_(metrics),
      dropped_(metrics.counter("patchbay_auth_audit_dropped_total", "Security events that were not written.")) {}

AuditWriter::~AuditWriter() {
  stop();
}

void AuditWriter::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void AuditWriter::stop() {
  stop_.stop();
  if (thread_.joinable()) thread_.join();
}

void AuditWriter::record(gateway::SecurityEvent event) {
  metrics_.counter("patchbay_auth_security_events_total", "Security events by action.", {{"action", event.action}})
      .add();
  std::string at = sdk::format_time(clock_.now());
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kWaitingMax) {
    dropped_.add();
    return;
  }
  waiting_.push_back({std::move(event), std::move(at)});
}

void AuditWriter::run() {
  while (stop_.wait_for(kPeriod)) {
    while (!stop_.stopped() && write_batch()) {
    }
  }
  while (write_batch()) {
  }
}

/// true: a batch was written and there may be another.
bool AuditWriter::write_batch() {
  std::vector<Recorded> batch;
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && batch.size() < kBatchMax) {
      batch.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
  }
  if (batch.empty()) return false;
  std::vector<storage::Param> at, kind, actor, action, address, request, details;
  for (const auto& [event, time] : batch) {
    at.emplace_back(time);
    kind.emplace_back(event.user_id.empty() ? "anonymous" : "user");
    actor.push_back(text_or_null(event.user_id));
    action.emplace_back(event.action);
    address.push_back(text_or_null(event.address));
    request.push_back(text_or_null(event.request_id));
    details.emplace_back(sdk::json::serialize(event.details));
  }
  const auto written =
      database_.query(storage::Lane::kWorker, kInsert,
                      {storage::array_literal(at), storage::array_literal(kind), storage::array_literal(actor),
                       storage::array_literal(action), storage::array_literal(address), storage::array_literal(request),
                       storage::array_literal(details)});
  if (written.ok()) return true;
  const std::lock_guard lock(mutex_);
  if (written.error().error_class == sdk::ErrorClass::kTransient && written.error().code != "storage.in_doubt" &&
      !stop_.stopped() && waiting_.size() + batch.size() <= kWaitingMax) {
    waiting_.insert(waiting_.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  } else {
    dropped_.add(static_cast<double>(batch.size()));
    base::log_error("auth", "security events were not written",
                    {{"count", batch.size()}, {"code", written.error().code}});
  }
  return false;
}

}  // namespace patchbay::auth
