#include "engine/events/redis_publisher.hpp"

#include "engine/events/event_text.hpp"

namespace patchbay::events {

sdk::Result<void> RedisPublisher::deliver(storage::Session&, const std::vector<StoredEvent>& events) {
  std::vector<redis::Command> commands;
  commands.reserve(events.size());
  for (const StoredEvent& event : events) {
    commands.push_back({"PUBLISH", client_.key("events:" + event.topic), event_text(event, event.data)});
  }
  PATCHBAY_ASSIGN(const auto replies, client_.pipeline(commands));
  for (const auto& reply : replies) {
    if (!reply.ok()) return reply.error();
  }
  return {};
}

}  // namespace patchbay::events
