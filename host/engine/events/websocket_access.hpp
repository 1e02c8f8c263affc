// What the socket hub must be told by others: whose token it is, and who may see what.
#pragma once

#include "engine/events/outbox.hpp"
#include "engine/policy/principal.hpp"

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace patchbay::events {

struct SocketIdentity {
  policy::Principal principal;
  std::chrono::system_clock::time_point expires_at;
};

/// Thread-safe; may block (called on the hub's own pool).
class SocketAuthenticator {
 public:
  virtual ~SocketAuthenticator() = default;
  /// kAuth for a token that is no good; a code "policy.forbidden" for one that may not use sockets. Anything transient
  /// is told to the client as an error, and it may try again.
  virtual sdk::Result<SocketIdentity> authenticate(const std::string& token) = 0;
  /// kAuth when the session has been ended since.
  virtual sdk::Result<void> check(const SocketIdentity& identity) = 0;
};

/// Thread-safe, must not block.
class EventVisibility {
 public:
  virtual ~EventVisibility() = default;
  virtual bool known_topic(std::string_view topic) const = 0;
  virtual bool may_subscribe(const policy::Principal& principal, std::string_view topic) const = 0;
  /// Principals with the same audience see the same events: the role for staff, role and client for customers, role and
  /// user where rows are assigned.
  virtual std::string audience(const policy::Principal& principal) const = 0;
  virtual bool visible(const StoredEvent& event, const policy::Principal& principal) const = 0;
  /// The event's data without what the role may not see; asked once per event and role.
  virtual sdk::json::value data_for(const StoredEvent& event, const std::string& role) const = 0;
};

}  // namespace patchbay::events
