#include "app/cli/plugin.hpp"

#include "engine/plugins/child_plugin.hpp"
#include "engine/plugins/probe.hpp"

#include <cstdio>

namespace patchbay::app::cli {
namespace {

void print_description(const sdk::Description& description) {
  std::printf("%s %s (%s)\n", description.name.c_str(), description.version.c_str(), description.title.c_str());
  for (const auto& resource : description.resources) {
    std::string abilities;
    const auto add = [&](bool able, const char* word) { abilities += able ? std::string(" ") + word : std::string(); };
    add(resource.list, "list");
    add(resource.get, "get");
    add(resource.create, "create");
    add(resource.update, "update");
    add(resource.remove, "delete");
    add(resource.incremental, "incremental");
    std::printf("  %-20s%s%s\n", resource.name.c_str(), abilities.c_str(),
                resource.entity.empty() ? "" : (" → " + resource.entity).c_str());
  }
  std::printf("  webhooks: %zu topics\n", description.webhooks.topics.size());
}

}  // namespace

int check_plugin(const Arguments& arguments) {
  std::error_code failure;
  const auto file = std::filesystem::absolute(arguments.operands.at(0), failure);
  if (const auto problem = plugins::check_file(file)) {
    std::fprintf(stderr, "refused at stage '%s': %s\n", problem->stage.c_str(), problem->message.c_str());
    return kProblemsFound;
  }
  // In a child first: a library that ends the process at load must end that one.
  plugins::LoaderSettings settings;
  settings.program = std::filesystem::read_symlink("/proc/self/exe", failure);
  const auto verdict = plugins::probe_files(settings, {file}).at(file);
  if (!verdict.accepted) {
    std::fprintf(stderr, "refused at stage '%s': %s\n", verdict.stage.c_str(), verdict.message.c_str());
    return kProblemsFound;
  }
  plugins::LoadProblem problem;
  const auto loaded = plugins::load_plugin(file, problem);
  if (!loaded) {
    std::fprintf(stderr, "refused at stage '%s': %s\n", problem.stage.c_str(), problem.message.c_str());
    return kProblemsFound;
  }
  print_description(loaded->description);
  std::printf("ok: the hub would load %s\n", file.c_str());
  return kOk;
}

int probe_plugins(const Arguments& arguments) {
  std::vector<std::filesystem::path> files(arguments.operands.begin() + 1, arguments.operands.end());
  return plugins::run_probe(arguments.operands.at(0), files);
}

int host_plugin(const Arguments& arguments) {
  return plugins::run_plugin_host(arguments.operands.at(0));
}

}  // namespace patchbay::app::cli
