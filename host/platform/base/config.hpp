// Settings: config/patchbay.yaml is the list of all settings and their defaults, compiled in; a file and the
// environment
// (`a.b_c` → PATCHBAY_A_B_C) override. An unknown key is an error with file, line and the nearest known key.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::base {

/// Immutable after load. Getters are for keys of the shipped file; an unknown key there is a programmer's error
/// (throws).
class Config {
 public:
  using Environment = std::map<std::string, std::string>;

  /// Shipped defaults < `file` (optional) < `environment` (PATCHBAY_… only; an unknown PATCHBAY_ name is an error).
  static sdk::Result<Config> load(const std::optional<std::filesystem::path>& file, const Environment& environment);
  static Environment process_environment();

  std::string text(std::string_view key) const;
  bool flag(std::string_view key) const;
  long long integer(std::string_view key) const;
  /// "400ms", "15m", "7d", "1h30m"; a bare number is seconds.
  std::chrono::milliseconds duration(std::string_view key) const;
  std::uint64_t bytes(std::string_view key) const;  // "10MiB"
  std::vector<std::string> list(std::string_view key) const;
  /// Where the value came from: "default", "file:line:column" or "PATCHBAY_…".
  std::string origin(std::string_view key) const;
  std::vector<std::string> keys() const;
  /// Environment name of a key.
  static std::string environment_name(std::string_view key);

 private:
  friend class ConfigLoader;
  struct Value {
    std::string text;
    std::vector<std::string> items;
    std::string kind;  // string, boolean, integer, duration, bytes, list — from the shipped file's `# kind` comment
    std::string origin;
  };
  const Value& value(std::string_view key) const;
  std::map<std::string, Value, std::less<>> values_;
};

sdk::Result<std::chrono::milliseconds> parse_duration(std::string_view text);
sdk::Result<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace patchbay::base
