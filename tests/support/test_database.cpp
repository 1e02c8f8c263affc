#include "tests/support/test_database.hpp"

#include "platform/base/metrics.hpp"
#include "platform/storage/migrator.hpp"
#include "platform/storage/pg_pool.hpp"
#include "tests/support/test_servers.hpp"

#include <atomic>
#include <mutex>
#include <stdexcept>

namespace patchbay::testing {
namespace {

constexpr auto kTemplate = "migrated_template";

void require(const sdk::Result<storage::Rows>& result, const std::string& what) {
  if (!result.ok()) throw std::runtime_error(what + ": " + result.error().code + " " + result.error().message);
}

/// Names come from this file only; an identifier cannot be a parameter.
void administer(const std::string& statement) {
  base::Metrics metrics;
  storage::PgPoolSettings settings;
  settings.url = TestServers::instance().postgres().url();
  storage::PgPool pool(settings, metrics);
  require(pool.query(storage::Lane::kWorker, statement), statement);
}

void make_template() {
  administer(std::string("drop database if exists ") + kTemplate + " with (force)");
  administer(std::string("create database ") + kTemplate);
  base::Metrics metrics;
  storage::PgPoolSettings settings;
  settings.url = TestServers::instance().postgres().url(kTemplate);
  storage::PgPool pool(settings, metrics);
  const auto applied = storage::Migrator(pool).migrate(storage::embedded_migrations());
  if (!applied.ok()) throw std::runtime_error("migrate: " + applied.error().message);
}

/// A failed attempt throws and is made again by the next test (call_once would do so as well, but not under thread
/// sanitizer).
void ensure_template() {
  static std::mutex mutex;
  static bool made = false;
  const std::lock_guard lock(mutex);
  if (made) return;
  make_template();
  made = true;
}

}  // namespace

TestDatabase::TestDatabase(Content content) {
  static std::atomic<int> number{0};
  auto& server = TestServers::instance().postgres();
  if (!server.running()) server.start();
  name_ = "test_" + std::to_string(++number);
  url_ = server.url(name_);
  if (content == Content::kMigrated) ensure_template();
  administer("create database " + name_ + (content == Content::kMigrated ? std::string(" template ") + kTemplate : ""));
}

TestDatabase::~TestDatabase() {
  try {
    if (TestServers::instance().postgres().running()) administer("drop database if exists " + name_ + " with (force)");
  } catch (...) {  // the whole cluster goes with the process
  }
}

void TestDatabase::end_sessions() {
  administer("select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '" + name_ + "'");
}

}  // namespace patchbay::testing
