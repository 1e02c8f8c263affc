// Who asks? The gateway's question, answered by hub/auth.
#pragma once

#include "engine/policy/principal.hpp"
#include "platform/http/message.hpp"

#include <patchbay/sdk/result.hpp>

#include <optional>

namespace patchbay::gateway {

/// Thread-safe. A request without any credentials is an anonymous principal, not an error; bad ones are kAuth "auth.…".
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  /// What can be said without blocking (a token that was verified a moment ago, no token at all); nullopt: ask the
  /// other one. Called on an I/O thread.
  virtual std::optional<sdk::Result<policy::Principal>> try_authenticate(const http::Request& request) = 0;
  virtual sdk::Result<policy::Principal> authenticate_blocking(const http::Request& request) = 0;
};

}  // namespace patchbay::gateway
