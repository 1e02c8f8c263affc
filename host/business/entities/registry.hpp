#pragma once

#include "engine/resources/description.hpp"

namespace patchbay::entities {

/// All entities of the hub. Adding one is a file with its description and a line here.
resources::Registry make_registry();

}  // namespace patchbay::entities
