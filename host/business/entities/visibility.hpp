// Row rules that several entities share, as SQL and on an event's visibility values.
#pragma once

#include "engine/policy/principal.hpp"

#include <patchbay/sdk/json.hpp>

#include <string>
#include <string_view>

namespace patchbay::entities {

/// Jobs assigned to {user} that were ever dispatched, alias `j`: what a technician works from.
inline constexpr std::string_view kDispatchedJobs =
    "from jobs j where j.deleted_at is null and j.assigned_to @> array[{user}] and "
    "j.furthest_status in ('dispatched', 'in_progress', 'completed', 'billed')";

/// The event's row belongs to the principal's client; `name` is the visibility value with the client's id.
inline bool is_own_client(const policy::Principal& principal, const sdk::json::object& visibility,
                          std::string_view name = "clientId") {
  const sdk::json::value* value = visibility.if_contains(name);
  return !principal.client_id.empty() && value != nullptr && value->is_string() &&
         std::string_view(value->get_string()) == principal.client_id;
}

inline std::string text_value(const sdk::json::object& visibility, std::string_view name) {
  const sdk::json::value* value = visibility.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace patchbay::entities
