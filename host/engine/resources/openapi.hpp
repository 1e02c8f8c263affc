// The API document (OpenAPI 3.1), from the same routes and descriptions that serve it.
#pragma once

#include "engine/gateway/route.hpp"
#include "engine/resources/description.hpp"

#include <patchbay/sdk/json.hpp>

#include <string>

namespace patchbay::resources {

struct ApiTitle {
  std::string version;
  std::string server_url;  // "/api/v1"
};

sdk::json::object make_openapi(const gateway::Routes& routes, const Registry& registry, const ApiTitle& title);

// The `operation` members of generated routes.
sdk::json::object list_operation(const ResourceDescription& description);
sdk::json::object get_operation(const ResourceDescription& description);
sdk::json::object write_operation(const ResourceDescription& description, int status);
sdk::json::object delete_operation();

}  // namespace patchbay::resources
