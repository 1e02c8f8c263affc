#pragma once

#include "tests/support/child_launcher.hpp"
#include "tests/support/temporary_directory.hpp"

#include <string>
#include <string_view>

namespace patchbay::testing {

/// A private PostgreSQL cluster on a Unix socket. Methods throw std::runtime_error with the server's log when they
/// fail.
class PostgresServer {
 public:
  struct Options {
    bool fsync = false;  // a test of durability against the machine's end, not the server's, would turn it on
    int connections_max = 200;
  };
  /// Copies the cached cluster (made once a build directory) and starts it.
  explicit PostgresServer(ChildLauncher& launcher) : PostgresServer(launcher, Options()) {}
  PostgresServer(ChildLauncher& launcher, Options options);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// postgresql:///<database>?host=<socket directory>&user=postgres
  std::string url(std::string_view database = "postgres") const;
  void start();
  /// Orderly: open sessions are ended.
  void stop();
  /// SIGKILL to the server and all its processes, as a crash of the machine would look to the hub.
  void kill();
  void restart() { stop(), start(); }
  /// Freezes and thaws all its processes: connections stay open and nothing answers.
  void pause();
  void resume();
  bool running() const { return process_ > 0; }

 private:
  std::string log_tail() const;
  bool ready() const;

  ChildLauncher& launcher_;
  const Options options_;
  TemporaryDirectory directory_;
  pid_t process_ = -1;
  std::vector<pid_t> paused_;
};

}  // namespace patchbay::testing
