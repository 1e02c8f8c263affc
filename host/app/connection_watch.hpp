#pragma once

#include "hub/connections/connection_store.hpp"
#include "platform/base/stop_signal.hpp"
#include "platform/redis/client.hpp"

#include <memory>
#include <thread>

namespace patchbay::app {

/// Keeps the connections' snapshot in memory fresh: after a change here, after one on another host (told over Redis),
/// and every 30 s in any case. One thread.
class ConnectionWatch {
 public:
  ConnectionWatch(connections::ConnectionStore& store, redis::Client& redis);
  ~ConnectionWatch();
  void start();
  void stop();
  /// A connection changed here.
  void changed();

 private:
  void run();
  std::string channel() const { return redis_.key("connections"); }
  connections::ConnectionStore& store_;
  redis::Client& redis_;
  base::StopSignal signal_;
  std::unique_ptr<redis::Subscription> subscription_;
  std::thread thread_;
};

}  // namespace patchbay::app
