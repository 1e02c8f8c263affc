#pragma once

#include "tests/support/child_launcher.hpp"
#include "tests/support/temporary_directory.hpp"

#include <cstdint>
#include <string>

namespace patchbay::testing {

/// A private redis-server on a Unix socket (and on 127.0.0.1 where asked for), with its append-only file fsynced at
/// each write. Methods throw std::runtime_error with the server's log when they fail.
class RedisServer {
 public:
  struct Options {
    bool append_only = true;
    bool tcp = false;
    std::string password;
  };
  explicit RedisServer(ChildLauncher& launcher) : RedisServer(launcher, Options()) {}
  RedisServer(ChildLauncher& launcher, Options options);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// unix:///…/redis.sock
  std::string url() const;
  /// redis://[:password@]127.0.0.1:port, only with Options::tcp
  std::string tcp_url() const;
  void start();
  /// Orderly, keeps the data.
  void stop();
  /// SIGKILL; acknowledged writes are in the append-only file.
  void kill();
  void restart() { stop(), start(); }
  /// Stops, deletes all data files and starts: a Redis lost whole.
  void wipe();
  void pause();
  void resume();
  bool running() const { return process_ > 0; }

 private:
  void end(int signal);
  bool answers() const;
  std::filesystem::path socket() const { return directory_.path() / "redis.sock"; }

  ChildLauncher& launcher_;
  const Options options_;
  TemporaryDirectory directory_;
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

/// A TCP port on 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();

}  // namespace patchbay::testing
