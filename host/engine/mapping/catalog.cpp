#include "engine/mapping/catalog.hpp"

#include <algorithm>

namespace patchbay::mapping {

void MappingCatalog::set(Mapping mapping) {
  auto shared = std::make_shared<const Mapping>(std::move(mapping));
  const std::lock_guard lock(mutex_);
  mappings_[shared->connector()] = std::move(shared);
}

std::shared_ptr<const Mapping> MappingCatalog::find(std::string_view connector) const {
  const std::lock_guard lock(mutex_);
  const auto found = mappings_.find(connector);
  return found == mappings_.end() ? nullptr : found->second;
}

int MappingCatalog::rank(std::string_view connector, std::string_view entity_kind, std::string_view field) const {
  const auto mapping = find(connector);
  int rank = 0;
  if (!mapping) return rank;
  for (const ResourceMapping& resource : mapping->resources()) {
    if (resource.entity_kind != entity_kind) continue;
    if (const FieldRule* rule = resource.find_field(field)) rank = std::max(rank, rule->rank);
  }
  return rank;
}

}  // namespace patchbay::mapping
