// One connection to Redis; hiredis stays in connection.cpp.
#pragma once

#include "platform/redis/client.hpp"
#include "platform/redis/redis_url.hpp"

#include <chrono>
#include <memory>

namespace patchbay::redis {

sdk::Error unavailable_error();

/// Used by one thread at a time. Any network error breaks it for good.
class Connection {
 public:
  struct Timeouts {
    std::chrono::milliseconds connect{2'000};
    std::chrono::milliseconds reply{2'000};
  };
  /// Connects, logs in, selects the database.
  static sdk::Result<std::unique_ptr<Connection>> connect(const Endpoint& endpoint, Timeouts timeouts);
  ~Connection();

  sdk::Result<Reply> command(const Command& command);
  sdk::Result<std::vector<sdk::Result<Reply>>> pipeline(const std::vector<Command>& commands);
  /// How long a reply may take from now on.
  sdk::Result<void> set_reply_timeout(std::chrono::milliseconds timeout);
  bool broken() const;
  /// Not broken, and nothing has arrived unasked (an idle connection that becomes readable was ended).
  bool usable_when_idle() const;

  // For subscriptions, where replies come unasked:
  int descriptor() const;
  sdk::Result<void> send(const Command& command);
  /// Reads what has arrived, to be called when the descriptor is readable.
  sdk::Result<std::vector<Reply>> receive();

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::redis
