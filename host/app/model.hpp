// What the hub knows before anything happens: roles, state machines, entities, connectors and their mappings.
#pragma once

#include "app/settings.hpp"
#include "engine/mapping/catalog.hpp"
#include "engine/plugins/catalog.hpp"
#include "engine/policy/policy.hpp"
#include "engine/resources/description.hpp"
#include "engine/workflow/workflow.hpp"

#include <memory>

namespace patchbay::app {

struct Model {
  policy::Policy policy;
  workflow::Workflows workflows;
  resources::Registry registry;
  plugins::PluginCatalog plugins;
  mapping::MappingCatalog mappings;
};

/// A connector whose mapping is wrong is left out and listed as a problem, with the place of the mistake.
sdk::Result<std::unique_ptr<Model>> load_model(const Settings& settings);

}  // namespace patchbay::app
