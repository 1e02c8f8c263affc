#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int add_user(const Arguments& arguments);  // user add

}  // namespace patchbay::app::cli
