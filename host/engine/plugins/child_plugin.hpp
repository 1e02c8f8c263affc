// A connector that runs in a supervised child process: the same interface, every call a message.
#pragma once

#include "engine/plugins/catalog.hpp"
#include "engine/plugins/loader.hpp"

#include <filesystem>
#include <memory>
#include <optional>

namespace patchbay::plugins {

/// Starts `program plugin-host file`, asks for the description and returns a plugin whose calls go to child processes:
/// one for the plugin's own calls and one for each client. A child that crashes or overstays is ended, the call fails
/// with kTransient "plugin.channel_…", and the next call starts a new one.
std::optional<LoadedPlugin> load_in_child(const std::filesystem::path& program, const std::filesystem::path& file,
                                          LoadProblem& problem);

/// What `patchbay plugin-host FILE` runs: loads the library and answers calls on descriptor 3 until the hub closes it.
int run_plugin_host(const std::filesystem::path& file);

}  // namespace patchbay::plugins
