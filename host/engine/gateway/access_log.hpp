// The access log's lines on their way from the I/O threads to the log, so that no request waits for a line to be
// written.
#pragma once

#include "platform/base/metrics.hpp"
#include "platform/base/stop_signal.hpp"

#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace patchbay::gateway {

struct AccessLine {
  std::string method, path, request_id, address, user_id, code;
  int status = 0;
  std::size_t body_bytes = 0;
  std::chrono::steady_clock::duration duration{};
};

/// Thread-safe. At most 20,000 lines wait; more are dropped and counted. Written within a twentieth of a second, in
/// order.
class AccessLog {
 public:
  explicit AccessLog(base::Metrics& metrics);
  /// Writes what waits.
  ~AccessLog();
  void add(AccessLine line);

 private:
  void run();
  void write_waiting();

  base::Counter dropped_;
  std::mutex mutex_;
  std::vector<AccessLine> waiting_;
  base::StopSignal stop_;
  std::thread thread_;
};

}  // namespace patchbay::gateway
