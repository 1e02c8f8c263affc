#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int serve(const Arguments& arguments);  // serve

}  // namespace patchbay::app::cli
