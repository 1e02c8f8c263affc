#include "app/servers.hpp"

#include "app/supervise/postgres_server.hpp"
#include "app/supervise/redis_server.hpp"
#include "platform/base/log.hpp"

namespace patchbay::app {
namespace {

constexpr std::chrono::seconds kStartLimit{60};

using List = std::vector<std::unique_ptr<supervise::SupervisedServer>>;

bool all_run(const List& servers) {
  for (const auto& server : servers) {
    if (!server->find_running()) return false;
  }
  return true;
}

}  // namespace

std::filesystem::path lock_path(const Settings& settings) {
  return settings.var_dir / "patchbay.lock";
}

sdk::Result<List> embedded_servers(const Settings& settings, bool make_folders, std::string& note) {
  List servers;
  if (!settings.embedded_postgres() && !settings.embedded_redis()) return servers;
  PATCHBAY_ASSIGN(const supervise::ServerFolders folders, make_folders
                                                              ? supervise::make_server_folders(settings.var_dir)
                                                              : supervise::find_server_folders(settings.var_dir));
  if (settings.embedded_postgres()) {
    servers.push_back(std::make_unique<supervise::PostgresServer>(folders));
    if (!folders.moved_because.empty())
      note = "the database lies in " + folders.postgres_data.string() + ", because " + folders.moved_because;
  }
  if (settings.embedded_redis()) servers.push_back(std::make_unique<supervise::RedisServer>(folders));
  return servers;
}

sdk::Result<Servers> Servers::open(const Settings& settings, Ownership ownership) {
  Servers opened;
  opened.database_url_ = settings.config.text("database.url");
  opened.redis_url_ = settings.config.text("redis.url");
  const bool beside_a_hub =
      ownership == Ownership::kCommand && supervise::LockFile::holder(lock_path(settings)).has_value();
  if (!beside_a_hub && (ownership == Ownership::kHub || settings.embedded_postgres() || settings.embedded_redis())) {
    PATCHBAY_ASSIGN(opened.lock_, supervise::LockFile::acquire(lock_path(settings)));
  }
  PATCHBAY_ASSIGN(List servers, embedded_servers(settings, !beside_a_hub, opened.note_));
  for (const auto& server : servers)
    (server->name() == "PostgreSQL" ? opened.database_url_ : opened.redis_url_) = server->url();
  if (servers.empty()) return opened;
  if (beside_a_hub) {
    if (!all_run(servers)) {
      return sdk::transient_error(
          "servers.starting", "the hub on " + settings.var_dir.string() + " is still starting its servers; try again");
    }
    return opened;
  }
  if (!opened.note_.empty()) base::log_info("supervise", opened.note_);
  opened.embedded_ = std::make_unique<supervise::EmbeddedServers>(std::move(servers));
  PATCHBAY_TRY(opened.embedded_->start(kStartLimit));
  return opened;
}

void Servers::stop() {
  if (embedded_ != nullptr) embedded_->stop();
}

}  // namespace patchbay::app
