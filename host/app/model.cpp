#include "app/model.hpp"

#include "business/entities/registry.hpp"
#include "engine/plugins/loader.hpp"
#include "platform/base/log.hpp"

namespace patchbay::app {
namespace {

sdk::Result<void> load_mapping(const plugins::LoadedPlugin& plugin, Model& model) {
  if (plugin.mapping_file.empty()) return {};
  PATCHBAY_ASSIGN(const auto root, base::yaml::load_file(plugin.mapping_file));
  PATCHBAY_ASSIGN(auto mapping, mapping::Mapping::load(root, plugin.description, model.registry));
  model.mappings.set(std::move(mapping));
  return {};
}

}  // namespace

sdk::Result<std::unique_ptr<Model>> load_model(const Settings& settings) {
  PATCHBAY_ASSIGN(policy::Policy policy, policy::Policy::shipped());
  PATCHBAY_ASSIGN(workflow::Workflows workflows, workflow::Workflows::shipped());
  auto model =
      std::unique_ptr<Model>(new Model{std::move(policy), std::move(workflows), entities::make_registry(), {}, {}});
  plugins::LoaderSettings loader;
  loader.folder = settings.plugins_dir;
  loader.verdict_file = settings.var_dir / "plugins.json";
  loader.program = settings.program;
  loader.in_child = settings.child_connectors;
  plugins::PluginCatalog loaded = plugins::load_plugins(loader);
  for (const auto& problem : loaded.problems()) model->plugins.add_problem(problem);
  for (const auto& plugin : loaded.plugins()) {
    const auto mapped = load_mapping(plugin, *model);
    if (mapped.ok()) {
      model->plugins.add(plugin);
      continue;
    }
    base::log_error("plugins", "the mapping of a connector is wrong: " + mapped.error().message,
                    {{"connector", plugin.description.name}});
    model->plugins.add_problem({plugin.mapping_file, "mapping", mapped.error().message});
  }
  return model;
}

}  // namespace patchbay::app
