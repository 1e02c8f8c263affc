// The same client in two services is ONE client: finds to which entities the new records of a page belong.
#pragma once

#include "engine/resources/description.hpp"
#include "hub/identity/match.hpp"
#include "platform/storage/session.hpp"

#include <string>
#include <vector>

namespace patchbay::identity {

/// Where the records of a page come from and what they become.
struct IdentityScope {
  std::string connection_id;
  std::string resource;
  const resources::ResourceDescription* description = nullptr;
  bool by_email = false;
  bool by_phone = false;
  Contested contested;
};

/// Stateless and thread-safe.
class Linker {
 public:
  /// Inside the page's transaction. Takes advisory locks on the page's identity keys, sorted, before it looks: two
  /// pages that are applied at once (two connections, two hosts) never both make an entity for the same person, and
  /// never wait in a circle.
  sdk::Result<std::vector<Resolution>> resolve(storage::Session& session, const IdentityScope& scope,
                                               const std::vector<IdentityRecord>& records) const;
  /// Reports an ambiguous record; once, until somebody resolves it.
  sdk::Result<void> report(storage::Session& session, const IdentityScope& scope,
                           const std::vector<IdentityRecord>& records,
                           const std::vector<Resolution>& resolutions) const;
};

}  // namespace patchbay::identity
