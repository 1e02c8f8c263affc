// Operations: health, metrics, the API document and the page that shows it.
#pragma once

#include "engine/gateway/route.hpp"
#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/redis/client.hpp"
#include "platform/storage/session.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace patchbay::app {

/// Whether the servers answer, asked by a thread of its own so that /health never waits for them.
class HealthWatch {
 public:
  HealthWatch(storage::Database& database, redis::Client& redis);
  ~HealthWatch();
  void start();
  void stop();
  bool database_answers() const { return database_answers_.load(); }
  bool redis_answers() const { return redis_answers_.load(); }

 private:
  void look();
  storage::Database& database_;
  redis::Client& redis_;
  std::atomic<bool> database_answers_{false};
  std::atomic<bool> redis_answers_{false};
  base::StopSignal signal_;
  std::thread thread_;
};

struct OperationsParts {
  const HealthWatch& health;
  const base::Metrics& metrics;
  std::shared_ptr<const std::string> api_document;  // JSON; filled in once all routes are known
  bool is_public = false;                           // operations.public
  std::atomic<bool>* draining = nullptr;
};

gateway::Routes make_operations_routes(OperationsParts parts);

}  // namespace patchbay::app
