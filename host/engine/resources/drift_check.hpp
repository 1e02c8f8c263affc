// Whether the tables are what the descriptions say: asked at start and by `patchbay doctor`.
#pragma once

#include "engine/resources/description.hpp"
#include "platform/storage/session.hpp"

#include <string>
#include <vector>

namespace patchbay::resources {

/// Differences between descriptions and the database in plain words ("jobs.title: …"); empty: none.
sdk::Result<std::vector<std::string>> drift_check(storage::Database& database, const Registry& registry);

}  // namespace patchbay::resources
