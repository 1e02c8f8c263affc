#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int replay_work(const Arguments& arguments);  // replay

}  // namespace patchbay::app::cli
