// The commands, in the order in which a newcomer meets them.
#include "app/cli/config.hpp"
#include "app/cli/doctor.hpp"
#include "app/cli/migrate.hpp"
#include "app/cli/plugin.hpp"
#include "app/cli/replay.hpp"
#include "app/cli/serve.hpp"
#include "app/cli/stop.hpp"
#include "app/cli/sync.hpp"
#include "app/cli/user.hpp"

namespace patchbay::app::cli {

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands{
      {"serve",
       "",
       "Run the hub",
       "Without database.url and redis.url it runs a PostgreSQL and a Redis of its own below var_dir (default ./var).\n"
       "The first start makes an administrator and prints the password once. SIGINT or SIGTERM stops it cleanly.",
       {},
       0,
       0,
       serve},
      {"stop", "", "Stop the hub of this var_dir, and servers that a killed hub left running", "", {}, 0, 0, stop_hub},
      {"sync",
       "CONNECTION [RESOURCE…]",
       "Sync one connection now and show the progress",
       "CONNECTION is an id, a connector's name (stripe) or connector/name (stripe/main). Works beside a running hub "
       "and without one.",
       {{"--full", "", "read everything anew instead of what changed"},
        {"--dry-run", "", "count what would happen, write nothing"}},
       1,
       50,
       sync_connection},
      {"replay",
       "[ID…]",
       "Work on webhook events once more, or on dead letters",
       "An event that was applied already changes nothing the second time.",
       {{"--dead", "", "all dead letters"}, {"--kind", "KIND", "webhook (default), sync, writeback or message"}},
       0,
       1000,
       replay_work},
      {"user add",
       "EMAIL",
       "Make a user",
       "Roles: admin, manager, technician, viewer, customer_admin, customer_user (these two with --client).",
       {{"--role", "ROLE", "default viewer"},
        {"--name", "NAME", "as shown; default: made from the address"},
        {"--username", "NAME", "default: made from the address"},
        {"--client", "ID", "client of a customer role"},
        {"--password-stdin", "", "read the password from standard input instead of making one up"}},
       1,
       1,
       add_user},
      {"migrate",
       "",
       "Bring the database up to date (serve does so by itself)",
       "",
       {{"--check", "", "only list what is to be applied; exit code 5 where there is something"}},
       0,
       0,
       migrate_database},
      {"plugin check",
       "FILE",
       "Say whether the hub would load a connector, and if not, why",
       "Exit code 5 where it would be refused; the stage and the cause are named.",
       {},
       1,
       1,
       check_plugin},
      {"config check",
       "",
       "Check the configuration and show what differs from the defaults, with its origin",
       "",
       {{"--all", "", "every setting"}},
       0,
       0,
       check_config},
      {"doctor",
       "",
       "Look for problems: configuration, servers, tables, connectors",
       "Exit code 5 where it finds some.",
       {},
       0,
       0,
       run_doctor},
      {"plugin-probe",
       "OUTPUT FILE…",
       "The hub's own child: load connectors once",
       "",
       {},
       1,
       1000,
       probe_plugins,
       true},
      {"plugin-host", "FILE", "The hub's own child: run a connector", "", {}, 1, 1, host_plugin, true},
  };
  return kCommands;
}

}  // namespace patchbay::app::cli
