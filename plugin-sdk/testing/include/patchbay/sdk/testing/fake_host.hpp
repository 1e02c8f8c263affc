// Everything a host lends a connector, in memory.
#pragma once

#include <patchbay/sdk/plugin.hpp>
#include <patchbay/sdk/testing/scripted_http.hpp>
#include <patchbay/sdk/testing/virtual_clock.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace patchbay::sdk::testing {

/// One line that a connector logged.
struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  json::object fields;
};

/// Thread-safe.
class CapturingLogger : public Logger {
 public:
  void log(LogLevel level, std::string_view message, const json::object& fields) override;
  std::vector<LogLine> lines() const;
  /// Whether a message or a field of any line contains the text.
  bool mentions(std::string_view text) const;

 private:
  mutable std::mutex mutex_;
  std::vector<LogLine> lines_;
};

/// With the limits of the real one. Thread-safe.
class MemoryState : public StateStore {
 public:
  Result<std::optional<json::value>> get(std::string_view key) override;
  Result<void> put(std::string_view key, const json::value& value) override;

 private:
  std::mutex mutex_;
  std::map<std::string, json::value, std::less<>> values_;
};

/// Hands out "token-1"; renewing makes it "token-2" and so on, unless somebody already renewed. Thread-safe.
class CountingTokens : public TokenSource {
 public:
  Result<std::string> current(const CallContext& context) override;
  Result<std::string> renew(const CallContext& context, std::string_view rejected) override;
  /// From now on only the owner can help.
  void revoke();
  int renewals() const;

 private:
  mutable std::mutex mutex_;
  int number_ = 1;
  bool revoked_ = false;
};

/// A host for one connection. It must outlive the clients made with it.
class FakeHost {
 public:
  /// With HTTP of another kind: a recording, a real one.
  explicit FakeHost(std::unique_ptr<HttpClient> other_http = nullptr) : other_http_(std::move(other_http)) {}

  HostServices services();
  ScriptedHttp& http() { return http_; }
  VirtualClock& clock() { return clock_; }
  CapturingLogger& logger() { return logger_; }
  MemoryState& state() { return state_; }
  CountingTokens& tokens() { return tokens_; }

 private:
  std::unique_ptr<HttpClient> other_http_;
  ScriptedHttp http_;
  VirtualClock clock_;
  CapturingLogger logger_;
  MemoryState state_;
  CountingTokens tokens_;
};

/// The plugin behind a descriptor, as the host makes it: `make_plugin(patchbay_plugin)`. Null when it cannot be made.
std::unique_ptr<Plugin> make_plugin(const PluginDescriptor& descriptor);

/// Settings as the host hands them over: every declared option with its default, every declared credential with a text
/// of its own ("test-<name>"), `options` over them.
ConnectionSettings make_settings(const Plugin& plugin, const std::map<std::string, std::string>& options = {});

}  // namespace patchbay::sdk::testing
