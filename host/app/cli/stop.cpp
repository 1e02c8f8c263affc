#include "app/cli/stop.hpp"

#include "app/servers.hpp"
#include "platform/process/child_process.hpp"

#include <cstdio>
#include <signal.h>

namespace patchbay::app::cli {
namespace {

constexpr std::chrono::seconds kHubLimit{60};

}  // namespace

int stop_hub(const Arguments& arguments) {
  const auto settings = load_settings(arguments.config_file());
  if (!settings.ok()) return report(settings.error());
  bool found = false;
  if (const auto pid = supervise::LockFile::holder(lock_path(*settings))) {
    found = true;
    std::printf("ending the hub (pid %d)\n", static_cast<int>(*pid));
    if (!process::end_process(*pid, SIGTERM, kHubLimit)) std::puts("it did not end in time and was killed");
  }
  std::string note;
  const auto servers = embedded_servers(*settings, false, note);
  if (!servers.ok()) return report(servers.error());
  const int ended = supervise::end_orphans(*servers);
  if (ended > 0) std::printf("ended %d server%s that a killed hub had left running\n", ended, ended == 1 ? "" : "s");
  if (!found && ended == 0) std::puts("nothing was running");
  return kOk;
}

}  // namespace patchbay::app::cli
