#include "app/cli/config.hpp"

#include <cstdio>

namespace patchbay::app::cli {
namespace {

/// Values that must not be shown, whatever they are.
bool is_secret(const std::string& key) {
  for (const char* part : {"secret", "password", "secrets.key"}) {
    if (key.find(part) != std::string::npos && key != "secrets.key_file") return true;
  }
  return key == "database.url" || key == "redis.url";
}

}  // namespace

int check_config(const Arguments& arguments) {
  const auto settings = read_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const base::Config* config = &settings->config;
  for (const std::string& key : config->keys()) {
    const std::string origin = config->origin(key);
    if (!arguments.has("--all") && origin == "default") continue;
    std::string value = is_secret(key) && !config->text(key).empty() ? "(set)" : config->text(key);
    std::printf("%-36s %-30s %s\n", key.c_str(), value.c_str(), origin.c_str());
  }
  std::puts("ok: the configuration is valid");
  return kOk;
}

}  // namespace patchbay::app::cli
