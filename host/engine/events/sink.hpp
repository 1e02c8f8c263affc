#pragma once

#include "engine/events/outbox.hpp"

#include <string>
#include <vector>

namespace patchbay::events {

/// A shared consumer of the outbox: over all hosts each event is delivered once per sink, in order, inside a
/// transaction that also moves the sink's position. What leaves PostgreSQL (Redis Pub/Sub) is at least once.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual std::string name() const = 0;
  virtual sdk::Result<void> deliver(storage::Session& session, const std::vector<StoredEvent>& events) = 0;
  /// After the commit of a delivery, on the same thread: what must not happen before it (telling a worker).
  virtual void committed() {}
  /// Whether retention waits for this sink; false: events that it did not take in time are dropped for it.
  virtual bool lossless() const { return true; }
};

/// Told after a commit that there is something in the outbox or on the road; implementations only wake a thread.
class Wake {
 public:
  virtual ~Wake() = default;
  virtual void wake() = 0;
};

}  // namespace patchbay::events
