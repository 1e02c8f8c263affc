#pragma once

#include "hub/connections/connection_flow.hpp"
#include "platform/base/stop_signal.hpp"

#include <thread>

namespace patchbay::app {

/// Tries connections again that do not work yet. One thread.
class ConnectionRetry {
 public:
  explicit ConnectionRetry(connections::ConnectionFlow& flow) : flow_(flow) {}
  ~ConnectionRetry();
  void start();
  void stop();

 private:
  void run();
  connections::ConnectionFlow& flow_;
  base::StopSignal signal_;
  std::thread thread_;
};

}  // namespace patchbay::app
