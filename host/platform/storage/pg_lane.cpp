#include "platform/storage/pg_lane.hpp"

#include "platform/storage/pg_error.hpp"

namespace patchbay::storage {

PgLane::PgLane(PgLaneSettings settings, base::Metrics& metrics)
    : settings_(std::move(settings)),
      open_gauge_(
          metrics.gauge("patchbay_storage_connections_open", "Connections to PostgreSQL.", {{"lane", settings_.name}})),
      used_gauge_(metrics.gauge("patchbay_storage_connections_used", "Connections to PostgreSQL in use.",
                                {{"lane", settings_.name}})),
      timeouts_(metrics.counter("patchbay_storage_acquire_timeouts_total",
                                "Waits for a connection that ended without one.", {{"lane", settings_.name}})),
      failures_(metrics.counter("patchbay_storage_connections_lost_total",
                                "Connections that broke or could not be made.", {{"lane", settings_.name}})) {
  note_contact(true);
}

PgLane::Lease::Lease(PgLane& lane, std::unique_ptr<PgConnection> connection, bool fresh)
    : lane_(lane), connection_(std::move(connection)), fresh_(fresh) {}

PgLane::Lease::~Lease() {
  if (connection_) lane_.release(std::move(connection_));
}

sdk::Result<PgLane::Lease> PgLane::acquire(From from) {
  std::vector<std::unique_ptr<PgConnection>> dropped;  // closed after the lock is released
  std::unique_lock lock(mutex_);
  if (from == From::kNew) {
    dropped.swap(idle_);
    open_count_ -= dropped.size();
    open_gauge_.add(-static_cast<double>(dropped.size()));
  }
  const auto place_free = [this] { return !idle_.empty() || open_count_ < settings_.connections_max; };
  if (!freed_.wait_for(lock, settings_.acquire_timeout, place_free)) {
    timeouts_.add();
    return sdk::transient_error("storage.busy", "All connections to the database are in use.");
  }
  return take(std::move(lock));
}

std::optional<sdk::Result<PgLane::Lease>> PgLane::try_acquire() {
  std::unique_lock lock(mutex_);
  if (idle_.empty() && open_count_ >= settings_.connections_max) return std::nullopt;
  return take(std::move(lock));
}

sdk::Result<PgLane::Lease> PgLane::take(std::unique_lock<std::mutex> lock) {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->usable_when_idle()) {
      used_gauge_.add(1);
      return Lease(*this, std::move(connection), false);
    }
    --open_count_;
    open_gauge_.add(-1);
    failures_.add();
    freed_.notify_one();
  }
  ++open_count_;
  lock.unlock();
  open_gauge_.add(1);
  auto connection = PgConnection::connect(settings_.conninfo);
  note_contact(connection.ok());
  if (!connection.ok()) {
    failures_.add();
    give_back_place();
    return std::move(connection).error();
  }
  used_gauge_.add(1);
  return Lease(*this, std::move(connection).value(), true);
}

void PgLane::release(std::unique_ptr<PgConnection> connection) {
  used_gauge_.add(-1);
  const bool broken = connection->broken();
  note_contact(!broken);
  if (broken) {
    failures_.add();
    connection.reset();
    give_back_place();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

void PgLane::give_back_place() {
  {
    const std::lock_guard lock(mutex_);
    --open_count_;
  }
  open_gauge_.add(-1);
  freed_.notify_one();
}

void PgLane::note_contact(bool reached) {
  reached_ = reached;
  contact_at_ = std::chrono::steady_clock::now().time_since_epoch().count();
}

std::chrono::steady_clock::duration PgLane::idle_for() const {
  return std::chrono::steady_clock::now().time_since_epoch() - std::chrono::steady_clock::duration(contact_at_.load());
}

}  // namespace patchbay::storage
