// The settings as the program uses them: read once, paths resolved, secrets at hand.
#pragma once

#include "hub/messaging/channels.hpp"
#include "platform/base/config.hpp"
#include "platform/base/secret_box.hpp"
#include "platform/net/trusted_proxies.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace patchbay::app {

struct Settings {
  base::Config config;
  std::filesystem::path var_dir;      // absolute, exists
  std::filesystem::path plugins_dir;  // absolute
  std::filesystem::path program;      // this executable
  std::string public_url;             // without a slash at the end
  std::set<std::string> roles;
  std::set<std::string> child_connectors;
  net::TrustedProxies trusted_proxies;
  messaging::ChannelOrder channel_order;
  bool has_role(const std::string& role) const { return roles.count(role) > 0; }
  bool embedded_postgres() const { return config.text("database.url").empty(); }
  bool embedded_redis() const { return config.text("redis.url").empty(); }
};

/// Reads the shipped defaults, `file` and the environment, and checks everything (settings_check.hpp); makes nothing,
/// so var_dir is still empty. kInvalid with the place of each mistake.
sdk::Result<Settings> read_settings(const std::optional<std::filesystem::path>& file);
/// The same, with the log started and var_dir made.
sdk::Result<Settings> load_settings(const std::optional<std::filesystem::path>& file);

/// The keys that seal credentials: `secrets.key`, else `secrets.key_file`, else var_dir/secrets.key, which is made.
sdk::Result<base::SecretBox> load_secret_box(const Settings& settings);

/// messages.channels.*; kInvalid naming the setting.
sdk::Result<messaging::ChannelOrder> read_channel_order(const base::Config& config);

}  // namespace patchbay::app
