#pragma once

#include "platform/storage/pg_pool.hpp"
#include "tests/support/hub_api.hpp"
#include "tests/support/hub_process.hpp"
#include "tests/support/sandbox_process.hpp"
#include "tests/support/test_database.hpp"
#include "tests/support/test_servers.hpp"

namespace patchbay::testing {

/// What one test has for itself: an empty database and a name in Redis, both on the servers of the test process, for
/// as many hubs as it wants.
class HubWorld {
 public:
  HubWorld();
  /// Settings of a hub on these servers, all with one key, so that they are hosts of the same hub.
  Program::Environment settings(const Program::Environment& more = {}) const;
  /// One statement; throws std::runtime_error where it fails.
  storage::Rows query(std::string_view sql, const storage::Params& params = {});
  /// The first column of the first row.
  std::string value(std::string_view sql, const storage::Params& params = {});
  std::int64_t number(std::string_view sql, const storage::Params& params = {});
  const std::string& database_url() const { return database_.url(); }

 private:
  TestDatabase database_;
  std::string redis_name_;
  base::Metrics metrics_;
  storage::PgPool pool_;
};

/// Makes a connection to the sandbox's Jobber and lets its owner agree; its id.
std::string connect_jobber(const HubApi& api, const HubProcess& hub, const SandboxProcess& sandbox);

/// One command to a Redis on a Unix socket, in the form that people type; its answer's first line.
std::string redis_command(const RedisServer& server, const std::string& command);

}  // namespace patchbay::testing
