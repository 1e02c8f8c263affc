#include "engine/plugins/catalog.hpp"

#include <algorithm>

namespace patchbay::plugins {

void PluginCatalog::add(LoadedPlugin plugin) {
  plugins_.push_back(std::move(plugin));
}

void PluginCatalog::add_problem(LoadProblem problem) {
  problems_.push_back(std::move(problem));
}

const LoadedPlugin* PluginCatalog::find(std::string_view connector) const {
  const auto found = std::find_if(plugins_.begin(), plugins_.end(),
                                  [&](const LoadedPlugin& plugin) { return plugin.description.name == connector; });
  return found == plugins_.end() ? nullptr : &*found;
}

}  // namespace patchbay::plugins
