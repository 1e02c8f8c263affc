// Loads connector libraries in stages, each with its own error; a bad library never keeps the others from loading.
#pragma once

#include "engine/plugins/catalog.hpp"

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct LoaderSettings {
  std::filesystem::path folder;        // libraries: *.so
  std::filesystem::path verdict_file;  // var/plugins.json: SHA-256s that a probe child has survived; empty: not kept
  std::filesystem::path program;       // this executable, for `plugin-probe` and `plugin-host`
  std::set<std::string> in_child;      // connectors that run in a child process; "all": every one
  std::chrono::milliseconds probe_limit{20'000};
};

/// What the probe child says of one library.
struct ProbeVerdict {
  bool accepted = false;
  std::string stage;
  std::string message;
};

/// Loads every library of the folder, in the order of their names.
PluginCatalog load_plugins(const LoaderSettings& settings);

/// All stages for one file in this process, without the probe: what the probe child and `patchbay plugin check` run.
/// On failure `problem` tells stage and cause.
std::optional<LoadedPlugin> load_plugin(const std::filesystem::path& file, LoadProblem& problem);

/// The stages that run no code of the library: trust, file, tag.
std::optional<LoadProblem> check_file(const std::filesystem::path& file);

}  // namespace patchbay::plugins
