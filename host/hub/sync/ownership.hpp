// Who may set which field: what a service's record changes on an entity that other services, and people, write to as
// well.
#pragma once

#include "engine/mapping/catalog.hpp"
#include "engine/mapping/mapping.hpp"
#include "engine/resources/writer.hpp"
#include "hub/sync/entity_rows.hpp"

#include <map>
#include <set>
#include <string>

namespace patchbay::sync {

/// Ranks of the owners that occur on a page.
class Owners {
 public:
  /// A connection that may own fields. `successor`: the one that its account was connected with again; empty: none.
  struct Owner {
    std::string connector;
    std::string successor;
  };
  using ById = std::map<std::string, Owner>;
  Owners(const mapping::MappingCatalog& mappings, ById connections)
      : mappings_(mappings), connections_(std::move(connections)) {}
  /// Who owns now what the connection owned.
  const std::string& current(const std::string& connection_id) const;
  /// Rank of a field for the connection that owns it; 0 for one that is gone.
  int rank(const std::string& connection_id, std::string_view entity_kind, std::string_view field) const;

 private:
  const mapping::MappingCatalog& mappings_;
  ById connections_;
};

/// A page's side of the decision.
struct Claim {
  const resources::ResourceDescription* description = nullptr;
  const mapping::ResourceMapping* rules = nullptr;
  const Owners* owners = nullptr;
  std::string connection_id;
};

/// Values for a new entity: all that are set, owned by the connection.
void fill_new(const Claim& claim, const sdk::json::object& values, resources::BulkRow& row);

/// Values that replace what an entity has. A field is taken by its owner, by a higher rank (equal ranks: the smaller
/// connection id, so that the order of syncs does not matter) and where it is empty; an empty value only clears what
/// its own connection set. Fields in `pending` are on their way to the service and stay. `entity` is brought up to
/// date, so that a second record of the same entity sees the first.
void merge_into(const Claim& claim, const sdk::json::object& values, const std::set<std::string, std::less<>>& pending,
                EntityRow& entity, resources::BulkRow& row);

}  // namespace patchbay::sync
