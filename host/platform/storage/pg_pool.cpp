#include "platform/storage/pg_pool.hpp"

#include "platform/base/backoff.hpp"
#include "platform/base/log.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/storage/pg_conninfo.hpp"
#include "platform/storage/pg_error.hpp"
#include "platform/storage/pg_lane.hpp"

#include <thread>

namespace patchbay::storage {
namespace {

constexpr int kAttemptsMax = 4;  // the first and three repeats
constexpr base::Backoff kRepeatBackoff{std::chrono::milliseconds(20), std::chrono::milliseconds(500), 3.0};
constexpr std::chrono::milliseconds kProbePeriod{1'000};
constexpr std::chrono::milliseconds kProbeQuietFor{2'000};

bool is_serialization(const sdk::Error& error) {
  return error.code == "storage.serialization";
}

void pause_before_repeat(int attempt) {
  std::this_thread::sleep_for(kRepeatBackoff.delay(static_cast<std::uint32_t>(attempt), base::random_fraction()));
}

}  // namespace

struct PgPool::Impl {
  Impl(PgPoolSettings pool_settings, base::Metrics& metrics)
      : settings(std::move(pool_settings)),
        interactive(
            lane_settings("interactive", settings.interactive_connections_max, settings.interactive_statement_timeout),
            metrics),
        worker(lane_settings("worker", settings.worker_connections_max, settings.worker_statement_timeout), metrics),
        probe_thread([this] { probe(); }) {}

  ~Impl() {
    stop.stop();
    probe_thread.join();
  }

  PgLaneSettings lane_settings(std::string name, std::size_t connections_max,
                               std::chrono::milliseconds statement_timeout) const {
    SessionSettings session;
    session.connect_timeout = settings.connect_timeout;
    session.statement_timeout = statement_timeout;
    session.idle_in_transaction_timeout = std::max(statement_timeout, session.idle_in_transaction_timeout);
    session.application_name = settings.application_name + "-" + name;
    auto conninfo = make_conninfo(settings.url, session);
    if (!conninfo.ok()) base::log_error("storage", conninfo.error().message);
    // Without a conninfo every connect fails with storage.unavailable; the malformed text itself must not reach libpq's
    // defaults.
    return {std::move(name), conninfo.ok() ? *conninfo : "malformed", connections_max, settings.acquire_timeout};
  }

  PgLane& lane(Lane which) { return which == Lane::kInteractive ? interactive : worker; }

  /// One try of the whole transaction. An idle connection that turns out dead at BEGIN costs nothing but another BEGIN.
  sdk::Result<void> attempt(Lane which, const Work& work) {
    for (const auto from : {PgLane::From::kIdleOrNew, PgLane::From::kNew}) {
      PATCHBAY_ASSIGN(auto lease, lane(which).acquire(from));
      auto transaction = lease->begin();
      if (!transaction.ok()) {
        if (lease.fresh() || from == PgLane::From::kNew) return std::move(transaction).error();
        continue;
      }
      PATCHBAY_TRY(work(**transaction));
      return (*transaction)->commit();
    }
    return unavailable_error();
  }

  /// One try of a single statement, sent again where an idle connection turned out dead. storage.unavailable is said
  /// only of statements that had no effect (pg_connection.cpp); what may have had one is storage.in_doubt and never
  /// repeated.
  sdk::Result<Rows> attempt(Lane which, std::string_view sql, const Params& params) {
    for (const auto from : {PgLane::From::kIdleOrNew, PgLane::From::kNew}) {
      PATCHBAY_ASSIGN(auto lease, lane(which).acquire(from));
      auto rows = lease->execute_alone(sql, params);
      const bool again = !rows.ok() && rows.error().code == "storage.unavailable" && lease->broken() && !lease.fresh();
      if (!again || from == PgLane::From::kNew) return rows;
    }
    return unavailable_error();
  }

  /// Keeps `reachable` true to life where nobody asks the database anything.
  void probe() {
    while (stop.wait_for(kProbePeriod)) {
      if (!interactive.reached() || interactive.idle_for() > kProbeQuietFor) probe(interactive);
      if (!worker.reached()) probe(worker);
    }
  }

  static void probe(PgLane& lane) {
    auto lease = lane.try_acquire();  // a lane that is wholly in use speaks for itself
    if (lease && lease->ok()) static_cast<void>(lease->value()->execute_alone("select 1", {}));
  }

  const PgPoolSettings settings;
  PgLane interactive;
  PgLane worker;
  base::StopSignal stop;
  std::thread probe_thread;
};

PgPool::PgPool(PgPoolSettings settings, base::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), metrics)) {}
PgPool::~PgPool() = default;

sdk::Result<void> PgPool::transaction(Lane lane, const Work& work) {
  for (int attempt = 1;; ++attempt) {
    auto result = impl_->attempt(lane, work);
    if (result.ok() || !is_serialization(result.error()) || attempt == kAttemptsMax) return result;
    pause_before_repeat(attempt);
  }
}

sdk::Result<Rows> PgPool::query(Lane lane, std::string_view sql, const Params& params) {
  for (int attempt = 1;; ++attempt) {
    auto rows = impl_->attempt(lane, sql, params);
    if (rows.ok() || !is_serialization(rows.error()) || attempt == kAttemptsMax) return rows;
    pause_before_repeat(attempt);
  }
}

bool PgPool::reachable() {
  return impl_->interactive.reached() && impl_->worker.reached();
}

const std::string& PgPool::url() const {
  return impl_->settings.url;
}

}  // namespace patchbay::storage
