#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int stop_hub(const Arguments& arguments);  // stop

}  // namespace patchbay::app::cli
