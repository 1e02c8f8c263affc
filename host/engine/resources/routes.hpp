// The routes that follow from descriptions.
#pragma once

#include "engine/resources/route_support.hpp"

namespace patchbay::resources {

/// For each description, under its path and its second path: GET list, POST, GET one, PUT and PATCH (parts), DELETE
/// (soft), and its child lists. A route is there when its permission is named. `parts` outlives the routes.
gateway::Routes make_routes(const RouteParts& parts);

}  // namespace patchbay::resources
