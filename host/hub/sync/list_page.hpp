// Lists of runs and log rows: newest first, by cursor.
#pragma once

#include "platform/http/message.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <string>
#include <vector>

namespace patchbay::sync {

/// A list query: checked filters, page size and where the page before ended.
struct ListPage {
  std::size_t page_size = 20;
  std::string cursor;  // id of the last row of the page before; empty: the first page
  std::vector<std::pair<std::string, std::string>> filters;  // name → value, as given
};

/// kInvalid naming the parameter that is unknown or malformed. `filter_names` are those the list knows.
sdk::Result<ListPage> parse_list_page(const http::Request& request, const std::vector<std::string>& filter_names);

/// Runs of sync_runs as the API shows them; one more than the page holds where there are more.
sdk::Result<sdk::json::array> load_runs(storage::Database& database, const ListPage& page);
sdk::Result<sdk::json::array> load_run(storage::Database& database, const std::string& run_id);
sdk::Result<sdk::json::array> load_log(storage::Database& database, const ListPage& page);

}  // namespace patchbay::sync
