// The first time a library is seen, a spawned child loads it: one that crashes or hangs at load takes the child, not
// the hub.
#pragma once

#include "engine/plugins/loader.hpp"

#include <map>
#include <vector>

namespace patchbay::plugins {

/// A verdict for every file. Files whose SHA-256 the verdict file knows as accepted are not probed again; all new ones
/// are probed in one child, and one by one where that child did not survive.
std::map<std::filesystem::path, ProbeVerdict> probe_files(const LoaderSettings& settings,
                                                          const std::vector<std::filesystem::path>& files);

/// What `patchbay plugin-probe OUTPUT FILE…` runs: loads each file and writes the verdicts as JSON to OUTPUT.
int run_probe(const std::filesystem::path& output, const std::vector<std::filesystem::path>& files);

}  // namespace patchbay::plugins
