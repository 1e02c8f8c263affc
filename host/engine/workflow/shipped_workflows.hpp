#pragma once

#include <string_view>
#include <vector>

namespace patchbay::workflow {

struct ShippedFile {
  std::string_view name;
  std::string_view text;
};

/// config/workflows/*.yaml as they were when the program was built (generated).
std::vector<ShippedFile> shipped_workflow_files();

}  // namespace patchbay::workflow
