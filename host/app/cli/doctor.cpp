#include "app/cli/doctor.hpp"

#include "app/model.hpp"
#include "app/platform.hpp"
#include "engine/resources/drift_check.hpp"
#include "platform/storage/migrator.hpp"

#include <cstdio>

namespace patchbay::app::cli {
namespace {

/// Prints each finding as it is made and counts the bad ones.
class Findings {
 public:
  void good(const std::string& text) { std::printf("  ok       %s\n", text.c_str()); }
  void bad(const std::string& text) {
    std::printf("  problem  %s\n", text.c_str());
    ++problems_;
  }
  void note(const std::string& text) { std::printf("  note     %s\n", text.c_str()); }
  int problems() const { return problems_; }

 private:
  int problems_ = 0;
};

void look_at_model(const Model& model, Findings& findings) {
  for (const auto& plugin : model.plugins.plugins()) {
    findings.good("connector " + plugin.description.name + " " + plugin.description.version +
                  (plugin.in_child ? " (in a child process)" : ""));
  }
  for (const auto& problem : model.plugins.problems())
    findings.bad("connector at stage '" + problem.stage + "': " + problem.message);
  if (model.plugins.plugins().empty()) findings.bad("no connector is loaded (plugins.dir)");
}

void look_at_database(Platform& platform, const Model& model, Findings& findings) {
  storage::Migrator migrator(*platform.database);
  const auto pending = migrator.pending(storage::embedded_migrations());
  if (!pending.ok()) return findings.bad("database: " + pending.error().message);
  if (!pending->empty())
    return findings.bad("database: " + std::to_string(pending->size()) +
                        " migrations are to be applied (`patchbay migrate`)");
  findings.good("database is reachable and up to date");
  const auto differences = resources::drift_check(*platform.database, model.registry);
  if (!differences.ok()) return findings.bad("database: " + differences.error().message);
  for (const std::string& difference : *differences) findings.bad("table: " + difference);
  if (differences->empty()) findings.good("tables are what the descriptions say");
}

void look_at_redis(Platform& platform, Findings& findings) {
  if (!platform.redis->command({"PING"}).ok()) {
    return findings.bad("Redis cannot be reached: webhooks are refused (503) whenever PostgreSQL is away or slow");
  }
  findings.good("Redis is reachable");
  const auto durable = platform.redis->durable();
  if (durable.ok() && *durable) {
    findings.good("Redis keeps every acknowledged write (appendonly yes, appendfsync always)");
  } else {
    findings.bad(
        "Redis may lose acknowledged writes (it needs appendonly yes and appendfsync always): the hub does not use it "
        "as "
        "a fallback for webhooks");
  }
  const auto policy = platform.redis->command({"CONFIG", "GET", "maxmemory-policy"});
  if (policy.ok() && policy->items.size() == 2 && policy->items[1].text != "noeviction") {
    findings.bad("Redis may throw keys away (maxmemory-policy " + policy->items[1].text + "; it should be noeviction)");
  }
}

sdk::Result<int> examine(Settings settings) {
  Findings findings;
  base::StopSignal stop;
  PATCHBAY_ASSIGN(const auto platform, open_platform(std::move(settings), Servers::Ownership::kCommand, stop));
  findings.good("configuration is valid, var_dir " + platform->settings.var_dir.string());
  if (!platform->servers.note().empty()) findings.note(platform->servers.note());
  PATCHBAY_ASSIGN(const auto model, load_model(platform->settings));
  look_at_model(*model, findings);
  look_at_database(*platform, *model, findings);
  look_at_redis(*platform, findings);
  platform->servers.stop();
  std::puts(findings.problems() == 0 ? "no problems found"
                                     : (std::to_string(findings.problems()) + " problems found").c_str());
  return findings.problems() == 0 ? kOk : kProblemsFound;
}

}  // namespace

int run_doctor(const Arguments& arguments) {
  auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  const auto done = examine(std::move(*settings));
  return done.ok() ? *done : report(done.error());
}

}  // namespace patchbay::app::cli
