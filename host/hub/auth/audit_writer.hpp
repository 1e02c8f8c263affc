// Security refusals on their way into audit_log: in batches, off the request's thread, dropped rather than piled up.
#pragma once

#include "engine/gateway/security_audit.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/host_services.hpp>

#include <deque>
#include <mutex>
#include <thread>

namespace patchbay::auth {

/// Thread-safe. At most 10,000 events wait; more are dropped and counted.
class AuditWriter : public gateway::SecurityAudit {
 public:
  AuditWriter(storage::Database& database, const sdk::Clock& clock, base::Metrics& metrics);
  ~AuditWriter() override;
  void start();
  /// Writes what waits, once, and ends. Idempotent.
  void stop();
  void record(gateway::SecurityEvent event) override;

 private:
  struct Recorded {
    gateway::SecurityEvent event;
    std::string at;
  };
  void run();
  bool write_batch();

  storage::Database& database_;
  const sdk::Clock& clock_;
  base::Metrics& metrics_;
  base::Counter dropped_;
  std::mutex mutex_;
  std::deque<Recorded> waiting_;
  base::StopSignal stop_;
  std::thread thread_;
};

}  // namespace patchbay::auth
