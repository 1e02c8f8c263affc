#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int check_config(const Arguments& arguments);  // config check

}  // namespace patchbay::app::cli
