// What the host lends a connector. Interfaces only, so that a connector runs in a test without a host
// (patchbay/sdk/testing) and in a child process across a pipe, unchanged.
#pragma once

#include <patchbay/sdk/call_context.hpp>
#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace patchbay::sdk {

/// HTTP out of the house. Thread-safe. Blocks until the response is whole, the deadline passes or the call is cancelled.
/// Errors: kTransient "http.connect", "http.timeout", "http.reset", "http.too_large"; kPermanent "http.address_refused";
/// kCancelled; kRateLimited "http.budget" when the budget's wait would pass the deadline.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> send(const CallContext& context, const HttpRequest& request) = 0;
};

/// The host's clock, virtual in tests. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::system_clock::time_point now() const = 0;
};

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Structured log. Thread-safe. Never pass a credential; the host redacts known secrets but cannot know all.
class Logger {
 public:
  virtual ~Logger() = default;
  virtual void log(LogLevel level, std::string_view message, const json::object& fields = {}) = 0;
};

/// Small durable state of one connection (cursors of the connector's own, a discovered id). Thread-safe.
/// At most 64 keys of at most 64 KiB each; more is kInvalid "state.too_large".
class StateStore {
 public:
  virtual ~StateStore() = default;
  virtual Result<std::optional<json::value>> get(std::string_view key) = 0;
  virtual Result<void> put(std::string_view key, const json::value& value) = 0;
};

/// Access token of one connection. Thread-safe. The host refreshes ahead of expiry, one refresh at a time over all processes.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// A token that is valid now, refreshed if need be. kAuth "token.needs_reauth" when only the owner can help.
  virtual Result<std::string> current(const CallContext& context) = 0;
  /// To be called after the service refused `rejected`: makes the next current() refresh unless somebody already did.
  virtual Result<std::string> renew(const CallContext& context, std::string_view rejected) = 0;
};

/// Everything lent to one ServiceClient. The references outlive it.
struct HostServices {
  HttpClient& http;
  Clock& clock;
  Logger& logger;
  StateStore& state;
  TokenSource& tokens;
};

}  // namespace patchbay::sdk
