#include "engine/plugins/loader.hpp"

#include "engine/plugins/child_plugin.hpp"
#include "engine/plugins/description_check.hpp"
#include "engine/plugins/elf_file.hpp"
#include "engine/plugins/guarded_plugin.hpp"
#include "engine/plugins/probe.hpp"
#include "platform/base/log.hpp"

#include <patchbay/sdk/plugin.hpp>

#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

namespace patchbay::plugins {
namespace {

constexpr std::size_t kErrorTextBytes = 512;
/// Fields that every descriptor has had since the first version; later ones are looked at only where `size` covers
/// them.
constexpr std::uint32_t kDescriptorBytesMin = sizeof(sdk::PluginDescriptor);

LoadProblem problem_of(const std::filesystem::path& file, std::string stage, std::string message) {
  return LoadProblem{file, std::move(stage), file.string() + ": " + std::move(message)};
}

std::optional<std::string> distrust(const std::filesystem::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return "it does not exist or cannot be looked at";
  if (status.st_uid != 0 && status.st_uid != geteuid())
    return path.string() + " belongs neither to root nor to the hub's user";
  if ((status.st_mode & S_IWOTH) != 0) return path.string() + " can be written by everybody";
  return std::nullopt;
}

std::filesystem::path mapping_beside(const std::filesystem::path& file) {
  std::filesystem::path mapping = file;
  mapping.replace_extension(".mapping.yaml");
  std::error_code failure;
  return std::filesystem::exists(mapping, failure) ? mapping : std::filesystem::path();
}

/// In this order, so that the plugin goes before the library.
struct HeldPlugin {
  boost::dll::shared_library library;
  std::unique_ptr<const sdk::Plugin> plugin;
};

/// Opens the library and makes its plugin.
sdk::Result<std::shared_ptr<const sdk::Plugin>> open_library(const std::filesystem::path& file, std::string& stage) {
  stage = "load";
  std::error_code failure;
  boost::dll::shared_library library;
  library.load(file, failure, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  if (failure) return sdk::permanent_error("plugin.load", "the dynamic loader refuses it: " + failure.message());
  stage = "descriptor";
  if (!library.has(PATCHBAY_PLUGIN_SYMBOL))
    return sdk::permanent_error("plugin.descriptor", "it exports no patchbay_plugin");
  const auto& descriptor = library.get<const sdk::PluginDescriptor>(PATCHBAY_PLUGIN_SYMBOL);
  if (descriptor.size < kDescriptorBytesMin || descriptor.sdk_abi_version != PATCHBAY_SDK_ABI_VERSION) {
    return sdk::permanent_error("plugin.descriptor", "its descriptor is of SDK version " +
                                                         std::to_string(descriptor.sdk_abi_version) +
                                                         ", this hub has " + std::to_string(PATCHBAY_SDK_ABI_VERSION));
  }
  if (descriptor.create == nullptr)
    return sdk::permanent_error("plugin.descriptor", "its descriptor has no create function");
  char text[kErrorTextBytes] = {};
  auto held = std::make_shared<HeldPlugin>();
  held->plugin.reset(descriptor.create(text, sizeof text));
  if (held->plugin == nullptr)
    return sdk::permanent_error("plugin.create", std::string("it could not be made: ") + text);
  // Pinned for the life of the process: no unloading of a connector can ever be made safe.
  if (dlopen(file.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) == nullptr) {
    return sdk::permanent_error("plugin.load", "it cannot be kept loaded");
  }
  held->library = std::move(library);
  return std::shared_ptr<const sdk::Plugin>(held, held->plugin.get());
}

std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder, PluginCatalog& catalog) {
  std::vector<std::filesystem::path> files;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".so") files.push_back(entry.path());
  }
  if (failure)
    catalog.add_problem(problem_of(folder, "trust", "the plugin folder cannot be read: " + failure.message()));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::optional<LoadProblem> check_file(const std::filesystem::path& file) {
  if (const auto reason = distrust(file)) return problem_of(file, "trust", *reason);
  if (const auto reason = distrust(file.parent_path().empty() ? std::filesystem::path(".") : file.parent_path())) {
    return problem_of(file, "trust", *reason);
  }
  const auto tag = read_build_tag(file);
  if (!tag.ok()) return problem_of(file, tag.error().code == "plugin.no_tag" ? "tag" : "file", tag.error().message);
  if (*tag != PATCHBAY_BUILD_TAG) {
    return problem_of(file, "tag",
                      "it was built for another hub (" + describe_tag_difference(*tag, PATCHBAY_BUILD_TAG) +
                          "); build it again with this hub's SDK and compiler");
  }
  return std::nullopt;
}

std::optional<LoadedPlugin> load_plugin(const std::filesystem::path& file, LoadProblem& problem) {
  if (auto found = check_file(file)) {
    problem = std::move(*found);
    return std::nullopt;
  }
  std::string stage;
  const auto opened = open_library(file, stage);
  if (!opened.ok()) {
    problem = problem_of(file, stage, opened.error().message);
    return std::nullopt;
  }
  auto description = guarded_describe(**opened);
  const auto checked =
      description.ok() ? check_description(*description, file.stem().string()) : sdk::Result<void>(description.error());
  if (!checked.ok()) {
    problem = problem_of(file, "describe", checked.error().message);
    return std::nullopt;
  }
  LoadedPlugin loaded;
  loaded.description = std::move(*description);
  loaded.file = file;
  loaded.mapping_file = mapping_beside(file);
  loaded.plugin = guard(*opened);
  return loaded;
}

PluginCatalog load_plugins(const LoaderSettings& settings) {
  PluginCatalog catalog;
  std::vector<std::filesystem::path> sound;
  for (const auto& file : libraries_in(settings.folder, catalog)) {
    if (auto problem = check_file(file)) {
      catalog.add_problem(std::move(*problem));
    } else {
      sound.push_back(file);
    }
  }
  const auto verdicts = probe_files(settings, sound);
  for (const auto& file : sound) {
    const ProbeVerdict& verdict = verdicts.at(file);
    if (!verdict.accepted) {
      catalog.add_problem(LoadProblem{file, verdict.stage, verdict.message});
      continue;
    }
    LoadProblem problem;
    const bool child = settings.in_child.count("all") > 0 || settings.in_child.count(file.stem().string()) > 0;
    auto loaded = child ? load_in_child(settings.program, file, problem) : load_plugin(file, problem);
    if (loaded) {
      loaded->mapping_file = mapping_beside(file);
      catalog.add(std::move(*loaded));
    } else {
      catalog.add_problem(std::move(problem));
    }
  }
  for (const LoadProblem& problem : catalog.problems()) {
    base::log_error("plugins", "a plugin could not be loaded: " + problem.message, {{"stage", problem.stage}});
  }
  return catalog;
}

}  // namespace patchbay::plugins
