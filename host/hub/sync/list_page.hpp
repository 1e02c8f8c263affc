// Lists of runs and log rows: newest first, by cursor.
#pragma once

#include "engine/gateway/list_page.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <string>
#include <vector>

namespace patchbay::sync {

using gateway::ListPage;

/// Runs of sync_runs as the API shows them; one more than the page holds where there are more.
sdk::Result<sdk::json::array> load_runs(storage::Database& database, const ListPage& page);
sdk::Result<sdk::json::array> load_run(storage::Database& database, const std::string& run_id);
sdk::Result<sdk::json::array> load_log(storage::Database& database, const ListPage& page);

}  // namespace patchbay::sync
