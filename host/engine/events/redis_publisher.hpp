#pragma once

#include "engine/events/sink.hpp"
#include "platform/redis/client.hpp"

namespace patchbay::events {

/// Publishes every event on `patchbay:<name>:events:<topic>` for programs beside the hub, as staff sees it. At least
/// once.
class RedisPublisher : public EventSink {
 public:
  explicit RedisPublisher(redis::Client& client) : client_(client) {}
  std::string name() const override { return "redis"; }
  sdk::Result<void> deliver(storage::Session& session, const std::vector<StoredEvent>& events) override;
  bool lossless() const override { return false; }

 private:
  redis::Client& client_;
};

}  // namespace patchbay::events
