// One lane of the pool: a bounded set of connections and who waits for them.
#pragma once

#include "platform/base/metrics.hpp"
#include "platform/storage/pg_connection.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::storage {

struct PgLaneSettings {
  std::string name;
  std::string conninfo;
  std::size_t connections_max = 6;
  std::chrono::milliseconds acquire_timeout{5'000};
};

/// Thread-safe.
class PgLane {
 public:
  PgLane(PgLaneSettings settings, base::Metrics& metrics);

  /// A connection for as long as the lease lives; it returns to the lane, or is thrown away when it broke.
  class Lease {
   public:
    Lease(PgLane& lane, std::unique_ptr<PgConnection> connection, bool fresh);
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    PgConnection* operator->() const { return connection_.get(); }
    bool fresh() const { return fresh_; }  // connected for this lease

   private:
    PgLane& lane_;
    std::unique_ptr<PgConnection> connection_;
    bool fresh_;
  };

  enum class From { kIdleOrNew, kNew };
  /// storage.busy when the time-out passes; storage.unavailable when no connection can be made. kNew drops all idle
  /// ones, because the one the caller had was dead.
  sdk::Result<Lease> acquire(From from);
  /// A connection that would be free at once; nullopt when the whole lane is busy.
  std::optional<sdk::Result<Lease>> try_acquire();
  /// Whether the last contact, by anybody, reached the server.
  bool reached() const { return reached_; }
  std::chrono::steady_clock::duration idle_for() const;

 private:
  sdk::Result<Lease> take(std::unique_lock<std::mutex> lock);
  void release(std::unique_ptr<PgConnection> connection);
  void give_back_place();
  void note_contact(bool reached);

  const PgLaneSettings settings_;
  const base::Gauge open_gauge_;
  const base::Gauge used_gauge_;
  const base::Counter timeouts_;
  const base::Counter failures_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<PgConnection>> idle_;
  std::size_t open_count_ = 0;  // idle, leased and being connected
  std::atomic<bool> reached_{true};
  std::atomic<std::chrono::steady_clock::duration::rep> contact_at_;
};

}  // namespace patchbay::storage
