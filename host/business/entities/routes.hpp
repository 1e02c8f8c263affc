// The routes of entities that do not follow from their descriptions.
#pragma once

#include "engine/resources/route_support.hpp"

namespace patchbay::entities {

/// `parts` outlives the routes.
gateway::Routes make_routes(const resources::RouteParts& parts);

// The same, by entity.
void add_job_routes(const resources::RouteParts& parts, gateway::Routes& routes);
void add_money_routes(const resources::RouteParts& parts, gateway::Routes& routes);
void add_message_routes(const resources::RouteParts& parts, gateway::Routes& routes);
void add_appointment_routes(const resources::RouteParts& parts, gateway::Routes& routes);
void add_client_routes(const resources::RouteParts& parts, gateway::Routes& routes);

/// PATCH /{path}/{id}/status {status, reason?}.
gateway::Route move_route(const resources::RouteParts& parts, const resources::ResourceDescription& description,
                          std::string permission);
/// A route with a blocking handler.
gateway::Route blocking_route(std::string method, std::string pattern, std::string permission, std::string tag,
                              std::string summary, gateway::BlockingHandler handler);
/// The text member `name` of a body; empty where it is missing; kInvalid where it is no text or longer than
/// `characters_max`.
sdk::Result<std::string> body_text(const sdk::json::object& body, std::string_view name, std::size_t characters_max);
/// {"data": …} of a statement's only cell, which holds JSON.
sdk::Result<http::Response> json_cell_response(const storage::Rows& rows);
/// kNotFound unless the caller sees the row.
sdk::Result<void> check_visible(const resources::RouteParts& parts, const resources::ResourceDescription& description,
                                const policy::Principal& principal, const std::string& id);

}  // namespace patchbay::entities
