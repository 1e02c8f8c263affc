#include "app/cli/migrate.hpp"

#include "app/servers.hpp"
#include "platform/storage/migrator.hpp"
#include "platform/storage/pg_pool.hpp"

#include <cstdio>

namespace patchbay::app::cli {
namespace {

sdk::Result<int> migrate(const Settings& settings, bool only_show) {
  PATCHBAY_ASSIGN(Servers servers, Servers::open(settings, Servers::Ownership::kCommand));
  base::Metrics metrics;
  storage::PgPoolSettings pool_settings;
  pool_settings.url = servers.database_url();
  pool_settings.interactive_connections_max = 1;
  pool_settings.worker_connections_max = 2;
  storage::PgPool pool(pool_settings, metrics);
  storage::Migrator migrator(pool);
  PATCHBAY_ASSIGN(const auto numbers, only_show ? migrator.pending(storage::embedded_migrations())
                                                : migrator.migrate(storage::embedded_migrations()));
  for (const auto& migration : storage::embedded_migrations()) {
    if (std::find(numbers.begin(), numbers.end(), migration.number) == numbers.end()) continue;
    std::printf("%s %04d %s\n", only_show ? "pending" : "applied", migration.number, migration.name.c_str());
  }
  if (numbers.empty()) std::puts("the database is up to date");
  servers.stop();
  return only_show && !numbers.empty() ? kProblemsFound : kOk;
}

}  // namespace

int migrate_database(const Arguments& arguments) {
  const auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const auto done = migrate(*settings, arguments.has("--check"));
  return done.ok() ? *done : report(done.error());
}

}  // namespace patchbay::app::cli
