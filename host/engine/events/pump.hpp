// Moves events from the outbox to those who listen: to the sockets of this host, and to the sinks that all hosts share.
#pragma once

#include "engine/events/outbox_reader.hpp"
#include "engine/events/sink.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/redis/client.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::events {

/// The listeners of one host (WebSocketHub). Called by the pump's tail thread only.
class LiveAudience {
 public:
  virtual ~LiveAudience() = default;
  /// Everything after `position` will be broadcast.
  virtual void started(const Position& position) = 0;
  virtual void broadcast(std::vector<StoredEvent> events) = 0;
  /// Several times a second.
  virtual void tick() = 0;
};

struct PumpSettings {
  std::chrono::milliseconds poll{400};
  std::size_t batch_max = 500;
  std::chrono::milliseconds retention{std::chrono::hours(72)};
  std::chrono::milliseconds retention_interval{std::chrono::seconds(20)};
};

/// Two threads: the tail reads for the live audience with a position in memory; the other serves the shared sinks,
/// whose positions are rows that one host at a time holds. Woken by wake(), by other hosts over Redis, and by a poll.
class Pump : public Wake {
 public:
  /// What is passed in outlives the pump; `redis` and `live` may be null.
  Pump(storage::Database& database, redis::Client* redis, std::vector<EventSink*> sinks, LiveAudience* live,
       PumpSettings settings, base::Metrics& metrics);
  ~Pump() override;
  void start();
  void stop();
  /// Thread-safe, never blocks.
  void wake() override;

 private:
  void run_tail();
  bool read_tail(Position& position);
  void run_sinks();
  /// true: there may be more.
  sdk::Result<bool> serve(EventSink& sink);
  void serve_all();
  void tell_other_hosts();
  void trim_when_due();

  storage::Database& database_;
  redis::Client* redis_;
  std::vector<EventSink*> sinks_;
  LiveAudience* live_;
  PumpSettings settings_;
  OutboxReader reader_;
  const std::string instance_;
  base::Counter broadcast_count_;
  base::Counter delivered_count_;
  base::StopSignal tail_signal_;
  base::StopSignal sinks_signal_;
  std::atomic<bool> woken_here_{false};
  std::atomic<bool> tail_woken_{false};
  std::chrono::steady_clock::time_point redis_again_{};
  std::chrono::steady_clock::time_point trim_again_{};
  std::unique_ptr<redis::Subscription> subscription_;
  std::thread tail_;
  std::thread sink_thread_;
};

}  // namespace patchbay::events
