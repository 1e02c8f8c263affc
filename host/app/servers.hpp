// PostgreSQL and Redis as the configuration says: somebody's servers, or the hub's own.
#pragma once

#include "app/settings.hpp"
#include "app/supervise/embedded_servers.hpp"
#include "app/supervise/lock_file.hpp"

#include <memory>
#include <string>

namespace patchbay::app {

/// URLs of the servers, and the supervised ones for as long as this lives.
class Servers {
 public:
  enum class Ownership {
    kHub,      // the one hub of this var_dir: takes the lock, supervises
    kCommand,  // a command beside it: uses what the hub runs, else does as the hub would for as long as it takes
  };
  static sdk::Result<Servers> open(const Settings& settings, Ownership ownership);
  const std::string& database_url() const { return database_url_; }
  const std::string& redis_url() const { return redis_url_; }
  /// What a person should know of where the data lies; may be empty.
  const std::string& note() const { return note_; }
  void stop();

 private:
  supervise::LockFile lock_;
  std::unique_ptr<supervise::EmbeddedServers> embedded_;
  std::string database_url_, redis_url_, note_;
};

/// The embedded servers of a configuration, not started.
sdk::Result<std::vector<std::unique_ptr<supervise::SupervisedServer>>> embedded_servers(const Settings& settings,
                                                                                        bool make_folders,
                                                                                        std::string& note);

std::filesystem::path lock_path(const Settings& settings);

}  // namespace patchbay::app
