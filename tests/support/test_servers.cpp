#include "tests/support/test_servers.hpp"

#include "tests/support/temporary_directory.hpp"

namespace patchbay::testing {

TestServers::TestServers() {
  TemporaryDirectory::sweep_stale();
}
TestServers::~TestServers() = default;

TestServers& TestServers::instance() {
  static TestServers servers;
  return servers;
}

PostgresServer& TestServers::postgres() {
  const std::lock_guard lock(mutex_);
  if (!postgres_) postgres_ = std::make_unique<PostgresServer>(launcher_);
  return *postgres_;
}

RedisServer& TestServers::redis() {
  const std::lock_guard lock(mutex_);
  if (!redis_) redis_ = std::make_unique<RedisServer>(launcher_);
  return *redis_;
}

}  // namespace patchbay::testing
