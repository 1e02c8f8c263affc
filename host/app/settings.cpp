#include "app/settings.hpp"

#include "app/settings_check.hpp"
#include "platform/base/log.hpp"

#include <unistd.h>

namespace patchbay::app {
namespace {

namespace fs = std::filesystem;

sdk::Result<fs::path> make_var_dir(const std::string& text) {
  std::error_code failure;
  fs::path folder = fs::absolute(text, failure).lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  fs::create_directories(folder, failure);
  if (failure)
    return sdk::permanent_error("settings.var_dir",
                                "var_dir " + folder.string() + " cannot be made: " + failure.message());
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return sdk::permanent_error("settings.var_dir", "var_dir " + folder.string() + " cannot be written");
  }
  return folder;
}

std::string default_public_url(const base::Config& config) {
  const std::string address = config.text("http.address");
  const bool any = address == "0.0.0.0" || address == "::";
  return "http://" +
         (any                                      ? "127.0.0.1"
          : address.find(':') != std::string::npos ? "[" + address + "]"
                                                   : address) +
         ":" + config.text("http.port");
}

}  // namespace

sdk::Result<messaging::ChannelOrder> read_channel_order(const base::Config& config) {
  std::map<std::string, std::vector<std::string>> by_channel;
  for (const std::string& channel : messaging::channel_names())
    by_channel[channel] = config.list("messages.channels." + channel);
  return messaging::ChannelOrder::make(by_channel);
}

sdk::Result<Settings> read_settings(const std::optional<fs::path>& file) {
  PATCHBAY_ASSIGN(base::Config config, base::Config::load(file, base::Config::process_environment()));
  Settings settings{std::move(config), {}, {}, {}, {}, {}, {}, {}, {}};
  std::error_code failure;
  settings.program = fs::read_symlink("/proc/self/exe", failure);
  const std::string plugins = settings.config.text("plugins.dir");
  settings.plugins_dir = plugins.empty() ? settings.program.parent_path() / "plugins" : fs::absolute(plugins, failure);
  PATCHBAY_TRY(check_settings(settings));
  PATCHBAY_ASSIGN(settings.trusted_proxies, net::TrustedProxies::parse(settings.config.list("http.trusted_proxies")));
  PATCHBAY_ASSIGN(settings.channel_order, read_channel_order(settings.config));
  settings.public_url = settings.config.text("http.public_url");
  if (settings.public_url.empty()) settings.public_url = default_public_url(settings.config);
  while (!settings.public_url.empty() && settings.public_url.back() == '/') settings.public_url.pop_back();
  for (const auto& role : settings.config.list("roles")) settings.roles.insert(role);
  for (const auto& name : settings.config.list("plugins.isolation")) {
    if (name != "none") settings.child_connectors.insert(name);
  }
  return settings;
}

sdk::Result<Settings> load_settings(const std::optional<fs::path>& file) {
  PATCHBAY_ASSIGN(Settings settings, read_settings(file));
  base::configure_log({settings.config.text("log.format"), settings.config.text("log.level")});
  PATCHBAY_ASSIGN(settings.var_dir, make_var_dir(settings.config.text("var_dir")));
  return settings;
}

sdk::Result<base::SecretBox> load_secret_box(const Settings& settings) {
  const std::string key = settings.config.text("secrets.key");
  if (!key.empty()) {
    base::add_log_secret(key);
    return base::SecretBox::from_hex("environment", key);
  }
  const std::string file = settings.config.text("secrets.key_file");
  if (!file.empty()) return base::SecretBox::load(file, false);
  return base::SecretBox::load(settings.var_dir / "secrets.key", true);
}

}  // namespace patchbay::app
