#include "platform/storage/migrator.hpp"

#include "platform/base/log.hpp"

#include <algorithm>
#include <map>

namespace patchbay::storage {
namespace {

// Any number will do as long as every host takes the same one.
constexpr auto kTakeLock = "select pg_advisory_xact_lock(7126374401962317)";
constexpr auto kCreateTable =
    "create table if not exists schema_migrations ("
    "number integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default "
    "now())";

struct Applied {
  std::string name;
  std::string sha256;
};

sdk::Result<std::map<int, Applied>> load_applied(Session& session) {
  std::map<int, Applied> applied;
  PATCHBAY_ASSIGN(const auto table, session.execute("select to_regclass('schema_migrations') is not null as present"));
  if (!table.boolean(0, "present")) return applied;
  PATCHBAY_ASSIGN(const auto rows,
                  session.execute("select number, name, sha256 from schema_migrations order by number"));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    applied[static_cast<int>(rows.integer(row, "number"))] = {rows.text(row, "name"), rows.text(row, "sha256")};
  }
  return applied;
}

sdk::Result<void> check_applied(const std::map<int, Applied>& applied, const std::vector<Migration>& migrations) {
  for (const auto& [number, row] : applied) {
    const auto known = std::find_if(migrations.begin(), migrations.end(),
                                    [&](const Migration& migration) { return migration.number == number; });
    if (known == migrations.end()) {
      return sdk::permanent_error("storage.newer_database",
                                  "The database holds migration " + std::to_string(number) + " (" + row.name +
                                      "), which this program does not know: it was set up by a "
                                      "newer version. Run that version or restore a backup.");
    }
    if (known->sha256 != row.sha256) {
      return sdk::permanent_error("storage.migration_differs",
                                  "Migration " + std::to_string(number) + " (" + row.name +
                                      ") was applied to the database with another content than this program carries.");
    }
  }
  return {};
}

std::vector<const Migration*> missing(const std::map<int, Applied>& applied, const std::vector<Migration>& migrations) {
  std::vector<const Migration*> list;
  for (const auto& migration : migrations) {
    if (!applied.contains(migration.number)) list.push_back(&migration);
  }
  std::sort(list.begin(), list.end(), [](const auto* left, const auto* right) { return left->number < right->number; });
  return list;
}

sdk::Result<void> apply(Session& session, const Migration& migration) {
  auto applied = session.run_script(migration.sql);
  if (!applied.ok()) {
    sdk::Error error = std::move(applied).error();
    error.message = "Migration " + std::to_string(migration.number) + " (" + migration.name +
                    ") could not be applied; nothing of it was kept, the log has the database's reason.";
    return error;
  }
  PATCHBAY_TRY(session.execute("insert into schema_migrations (number, name, sha256) values ($1, $2, $3)",
                               {std::to_string(migration.number), migration.name, migration.sha256}));
  return {};
}

}  // namespace

sdk::Result<std::vector<int>> Migrator::migrate(const std::vector<Migration>& migrations) {
  std::vector<int> numbers;
  for (bool more = true; more;) {
    std::optional<int> number;
    // One migration a transaction; another host may have applied it while this one waited for the lock.
    const auto applied_one = database_.transaction(Lane::kWorker, [&](Session& session) -> sdk::Result<void> {
      number.reset();
      more = false;
      PATCHBAY_TRY(session.execute("set local lock_timeout = '5min'"));
      PATCHBAY_TRY(session.execute("set local statement_timeout = '30min'"));
      PATCHBAY_TRY(session.execute(kTakeLock));
      PATCHBAY_ASSIGN(const auto applied, load_applied(session));
      PATCHBAY_TRY(check_applied(applied, migrations));
      const auto list = missing(applied, migrations);
      if (list.empty()) return {};
      PATCHBAY_TRY(session.execute(kCreateTable));
      PATCHBAY_TRY(apply(session, *list.front()));
      number = list.front()->number;
      more = list.size() > 1;
      return {};
    });
    if (!applied_one.ok()) return applied_one.error();
    if (!number) break;
    base::log_info("storage", "Migration applied", {{"number", *number}});
    numbers.push_back(*number);
  }
  return numbers;
}

sdk::Result<std::vector<int>> Migrator::pending(const std::vector<Migration>& migrations) {
  std::vector<int> numbers;
  const auto compared = database_.transaction(Lane::kInteractive, [&](Session& session) -> sdk::Result<void> {
    numbers.clear();
    PATCHBAY_ASSIGN(const auto applied, load_applied(session));
    PATCHBAY_TRY(check_applied(applied, migrations));
    for (const auto* migration : missing(applied, migrations)) numbers.push_back(migration->number);
    return {};
  });
  if (!compared.ok()) return compared.error();
  return numbers;
}

}  // namespace patchbay::storage
