#pragma once

#include "app/cli/command.hpp"

namespace patchbay::app::cli {

int migrate_database(const Arguments& arguments);  // migrate

}  // namespace patchbay::app::cli
