// Structured log lines. spdlog stays behind log.cpp; main wires the sink once.
#pragma once

#include <patchbay/sdk/host_services.hpp>

#include <string>
#include <string_view>

namespace patchbay::base {

struct LogSettings {
  std::string format = "text";  // text | json
  std::string level = "info";   // debug | info | warning | error
};

/// Called once by main before any thread starts; lines written before go to stderr as text.
void configure_log(const LogSettings& settings);
/// A value that must never appear in a line (a connection's credential); it is replaced by "[redacted]" wherever it
/// would.
void add_log_secret(std::string_view secret);

void log_debug(std::string_view part, std::string_view message, const sdk::json::object& fields = {});
void log_info(std::string_view part, std::string_view message, const sdk::json::object& fields = {});
void log_warning(std::string_view part, std::string_view message, const sdk::json::object& fields = {});
void log_error(std::string_view part, std::string_view message, const sdk::json::object& fields = {});
bool log_debug_enabled();

/// Logger of a connector: lines carry its name and the connection.
class PartLogger : public sdk::Logger {
 public:
  explicit PartLogger(std::string part, sdk::json::object fields = {})
      : part_(std::move(part)), fields_(std::move(fields)) {}
  void log(sdk::LogLevel level, std::string_view message, const sdk::json::object& fields = {}) override;

 private:
  std::string part_;
  sdk::json::object fields_;
};

}  // namespace patchbay::base
