#include "hub/sync/run_request.hpp"

#include "platform/base/yaml.hpp"

#include <algorithm>

namespace patchbay::sync {
namespace {

sdk::Error wrong_resource(const std::string& message) {
  return sdk::invalid_error("sync.resources", message, "resources");
}

sdk::Result<void> check_resources(const std::vector<std::string>& names, const sdk::Description& description) {
  std::vector<std::string> known;
  for (const auto& resource : description.resources) {
    if (resource.list) known.push_back(resource.name);
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      const std::string nearest = base::yaml::nearest_name(*name, known);
      return wrong_resource("Unknown resource \"" + *name + "\"" +
                            (nearest.empty() ? "." : "; did you mean \"" + nearest + "\"?"));
    }
    if (std::find(names.begin(), name, *name) != name) return wrong_resource("\"" + *name + "\" stands there twice.");
  }
  return {};
}

}  // namespace

sdk::Result<void> check_run_request(const RunRequest& request, const connections::Connection& connection,
                                    const plugins::PluginCatalog& plugins) {
  const plugins::LoadedPlugin* plugin = plugins.find(connection.connector);
  if (plugin == nullptr)
    return sdk::conflict_error("sync.no_connector", "The connector " + connection.connector + " is not loaded.");
  if (connection.state != "connected")
    return sdk::conflict_error("sync.not_connected", "The connection is not connected: " + connection.state + ".");
  return check_resources(request.resources, plugin->description);
}

}  // namespace patchbay::sync
