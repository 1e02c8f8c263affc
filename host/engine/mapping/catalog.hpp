// The mappings in force, by connector. An edited mapping takes the place of the shipped one; who runs keeps what it
// has.
#pragma once

#include "engine/mapping/mapping.hpp"

#include <map>
#include <memory>
#include <mutex>

namespace patchbay::mapping {

/// Thread-safe.
class MappingCatalog {
 public:
  void set(Mapping mapping);
  /// nullptr where the connector has no mapping.
  std::shared_ptr<const Mapping> find(std::string_view connector) const;
  /// Rank of a field of an entity in a connector's mapping; 0 where it has none.
  int rank(std::string_view connector, std::string_view entity_kind, std::string_view field) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Mapping>, std::less<>> mappings_;
};

}  // namespace patchbay::mapping
