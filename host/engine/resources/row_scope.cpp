#include "engine/resources/row_scope.hpp"

namespace patchbay::resources {

std::string RowScope::key() const {
  switch (kind) {
    case Kind::kNone:
      return "none";
    case Kind::kAll:
      return "all";
    case Kind::kFiltered:
      return filter->name + "|" + client_id + "|" + user_id;
  }
  return "none";
}

RowScope row_scope(const policy::Policy& policy, const ResourceDescription& description,
                   const policy::Principal& principal) {
  if (principal.kind == policy::Principal::Kind::kSystem) return RowScope::all();
  if (principal.kind != policy::Principal::Kind::kUser) return {};
  const std::string name = policy.row_filter(principal.role, description.kind);
  if (name == "all") return RowScope::all();
  for (const RowFilter& filter : description.row_filters) {
    if (filter.name != name) continue;
    RowScope scope{RowScope::Kind::kFiltered, &filter, {}, {}};
    // Only what the filter looks at is kept, so that lists of people with the same view share their count.
    if (filter.sql.find("{client}") != std::string::npos) scope.client_id = principal.client_id;
    if (filter.sql.find("{user}") != std::string::npos) scope.user_id = principal.user_id;
    return scope;
  }
  return {};
}

}  // namespace patchbay::resources
