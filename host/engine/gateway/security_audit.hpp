// Where refusals go that must be on record: failed sign-ins, missing permissions, exceeded limits.
#pragma once

#include <patchbay/sdk/json.hpp>

#include <string>

namespace patchbay::gateway {

struct SecurityEvent {
  std::string action;   // login.failed, permission.refused, limit.exceeded, …
  std::string user_id;  // empty: nobody signed in
  std::string address;
  std::string request_id;
  sdk::json::object details;  // never a secret
};

/// Thread-safe and never blocking: under a flood events are dropped and counted rather than let a refusal cost more
/// than a request.
class SecurityAudit {
 public:
  virtual ~SecurityAudit() = default;
  virtual void record(SecurityEvent event) = 0;
};

}  // namespace patchbay::gateway
