#include "app/supervise/postgres_server.hpp"

#include "platform/base/log.hpp"
#include "platform/process/child_process.hpp"

#include <fstream>
#include <signal.h>

namespace patchbay::supervise {
namespace {

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";
constexpr const char* kUser = "patchbay";
constexpr const char* kDatabase = "patchbay";

std::optional<pid_t> read_pid_file(const std::filesystem::path& file) {
  std::ifstream stream(file);
  long pid = 0;
  if (!(stream >> pid) || pid <= 0) return std::nullopt;
  return static_cast<pid_t>(pid);
}

}  // namespace

std::string PostgresServer::url() const {
  return "host=" + folders_.postgres_socket.string() + " user=" + kUser + " dbname=" + kDatabase;
}

std::optional<pid_t> PostgresServer::find_running() const {
  const auto pid = read_pid_file(folders_.postgres_data / "postmaster.pid");
  if (!pid || !process::is_alive(*pid) || process::process_name(*pid) != "postgres") return std::nullopt;
  const auto directory = process::process_directory(*pid);
  if (directory && *directory != folders_.postgres_data) return std::nullopt;
  return pid;
}

sdk::Result<void> PostgresServer::prepare() {
  std::error_code failure;
  if (!std::filesystem::exists(std::string(kPrograms) + "postgres", failure)) {
    return sdk::permanent_error("supervise.no_postgres",
                                std::string(kPrograms) +
                                    "postgres is missing: install postgresql-15, or set database.url "
                                    "to a server of your own");
  }
  if (!std::filesystem::exists(folders_.postgres_data / "PG_VERSION", failure)) {
    base::log_info("supervise", "making a new PostgreSQL cluster", {{"folder", folders_.postgres_data.string()}});
    // A first start that was killed half-way leaves a folder without PG_VERSION that initdb would refuse.
    for (const auto& entry : std::filesystem::directory_iterator(folders_.postgres_data, failure)) {
      std::filesystem::remove_all(entry.path(), failure);
    }
    PATCHBAY_ASSIGN(const int status, process::run_to_end({{std::string(kPrograms) + "initdb", "-D",
                                                            folders_.postgres_data.string(), "-U", kUser, "-A", "trust",
                                                            "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"},
                                                           folders_.postgres_user,
                                                           "/",
                                                           folders_.logs / "initdb.log"},
                                                          std::chrono::minutes(3)));
    if (status != 0) {
      return sdk::permanent_error("supervise.initdb", "initdb failed; see " + (folders_.logs / "initdb.log").string());
    }
    return {};
  }
  if (!find_running()) std::filesystem::remove(folders_.postgres_data / "postmaster.pid", failure);
  return {};
}

sdk::Result<pid_t> PostgresServer::start() {
  const auto set = [](const std::string& setting) { return "--" + setting; };
  return process::spawn(
      {{std::string(kPrograms) + "postgres", "-D", folders_.postgres_data.string(), set("listen_addresses="),
        set("unix_socket_directories=" + folders_.postgres_socket.string()), set("unix_socket_permissions=0700"),
        set("max_connections=64"), set("shared_buffers=128MB"), set("effective_cache_size=1GB"), set("work_mem=16MB"),
        set("random_page_cost=1.1"), set("max_wal_size=1GB"), set("jit=off"), set("autovacuum_naptime=10s"),
        set("logging_collector=off"), set("log_min_messages=warning"),
        set("idle_in_transaction_session_timeout=10min")},
       folders_.postgres_user,
       "/",
       folders_.logs / "postgres.log"});
}

bool PostgresServer::answers() const {
  const auto status = process::run_to_end(
      {{std::string(kPrograms) + "pg_isready", "-q", "-h", folders_.postgres_socket.string(), "-U", kUser},
       folders_.postgres_user,
       "/",
       {}},
      std::chrono::seconds(5));
  return status.ok() && *status == 0;
}

sdk::Result<void> PostgresServer::complete() {
  const std::filesystem::path made = folders_.postgres_data / "patchbay.made";
  std::error_code failure;
  if (std::filesystem::exists(made, failure)) return {};
  // Fails harmlessly where a start that was killed before the mark had made it already; migrations tell the truth.
  (void)process::run_to_end(
      {{std::string(kPrograms) + "createdb", "-h", folders_.postgres_socket.string(), "-U", kUser, kDatabase},
       folders_.postgres_user,
       "/",
       folders_.logs / "initdb.log"},
      std::chrono::seconds(60));
  PATCHBAY_ASSIGN(const int status,
                  process::run_to_end({{std::string(kPrograms) + "psql", "-h", folders_.postgres_socket.string(), "-U",
                                        kUser, "-d", kDatabase, "-qAtc", "select 1"},
                                       folders_.postgres_user,
                                       "/",
                                       folders_.logs / "initdb.log"},
                                      std::chrono::seconds(30)));
  if (status != 0) {
    return sdk::permanent_error("supervise.createdb",
                                "the database could not be made; see " + (folders_.logs / "initdb.log").string());
  }
  std::ofstream(made) << "1\n";
  return {};
}

bool PostgresServer::end(pid_t pid, std::chrono::milliseconds limit) const {
  return process::end_process(pid, SIGINT, limit);
}

}  // namespace patchbay::supervise
