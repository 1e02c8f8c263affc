#pragma once

#include "tests/support/child_launcher.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/redis_server.hpp"

#include <memory>
#include <mutex>

namespace patchbay::testing {

/// The private servers of this test process, each started at its first use and ended with the process, however it ends.
/// TestDatabase starts a PostgreSQL that an earlier test left stopped; a fixture that uses Redis calls redis().start()
/// (nothing if it runs).
class TestServers {
 public:
  static TestServers& instance();
  ~TestServers();
  PostgresServer& postgres();
  RedisServer& redis();
  /// For servers of a test's own, with other options.
  ChildLauncher& launcher() { return launcher_; }

 private:
  TestServers();

  std::mutex mutex_;
  ChildLauncher launcher_;
  std::unique_ptr<PostgresServer> postgres_;
  std::unique_ptr<RedisServer> redis_;
};

}  // namespace patchbay::testing
