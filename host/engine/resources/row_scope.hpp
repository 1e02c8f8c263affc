// Which rows a principal sees of one kind, resolved once for a request.
#pragma once

#include "engine/policy/policy.hpp"
#include "engine/resources/description.hpp"

#include <string>

namespace patchbay::resources {

struct RowScope {
  enum class Kind { kNone, kAll, kFiltered };
  Kind kind = Kind::kNone;
  const RowFilter* filter = nullptr;  // of the description
  std::string client_id;
  std::string user_id;

  static RowScope all() { return {Kind::kAll, nullptr, {}, {}}; }
  /// Who may see the same rows has the same key.
  std::string key() const;
};

/// The hub itself sees every row; an unknown filter name is none.
RowScope row_scope(const policy::Policy& policy, const ResourceDescription& description,
                   const policy::Principal& principal);

}  // namespace patchbay::resources
