#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int sync_connection(const Arguments& arguments);  // sync

}  // namespace patchbay::app::cli
