#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int check_plugin(const Arguments& arguments);   // plugin check FILE
int probe_plugins(const Arguments& arguments);  // plugin-probe OUTPUT FILE… (the hub's own child)
int host_plugin(const Arguments& arguments);    // plugin-host FILE (the hub's own child)

}  // namespace patchbay::app::cli
