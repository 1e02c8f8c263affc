#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int run_doctor(const Arguments& arguments);  // doctor

}  // namespace patchbay::app::cli
