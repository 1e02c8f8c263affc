// sync_log: one row for each record outcome that mattered.
#pragma once

#include "hub/connections/connection_store.hpp"
#include "platform/storage/session.hpp"

#include <string>
#include <vector>

namespace patchbay::sync {

struct LogRow {
  std::string operation;  // create, update, delete, merge, link
  std::string resource;   // of the service: "customers"
  std::string external_id;
  std::string entity_id;           // empty: none
  std::string status = "success";  // success, failed, skipped
  std::string error_message;
  sdk::json::object metadata;
};

/// Writes all rows in one statement. `run_id` is empty outside a run.
sdk::Result<void> append_log(storage::Session& session, const connections::Connection& connection,
                             const std::string& run_id, const std::vector<LogRow>& rows);

}  // namespace patchbay::sync
