// The connectors that are loaded, and those that could not be.
#pragma once

#include <patchbay/sdk/service_client.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::plugins {

struct LoadedPlugin {
  sdk::Description description;
  std::filesystem::path file;
  std::filesystem::path mapping_file;  // <name>.mapping.yaml beside the library; empty where there is none
  bool in_child = false;               // runs in a supervised child process
  std::shared_ptr<const sdk::Plugin> plugin;
};

/// Why a library was refused: `stage` is where (trust, file, tag, probe, load, descriptor, describe), the message names
/// file and cause.
struct LoadProblem {
  std::filesystem::path file;
  std::string stage;
  std::string message;
};

class PluginCatalog {
 public:
  void add(LoadedPlugin plugin);
  void add_problem(LoadProblem problem);
  const LoadedPlugin* find(std::string_view connector) const;
  const std::vector<LoadedPlugin>& plugins() const { return plugins_; }
  const std::vector<LoadProblem>& problems() const { return problems_; }

 private:
  std::vector<LoadedPlugin> plugins_;
  std::vector<LoadProblem> problems_;
};

}  // namespace patchbay::plugins
