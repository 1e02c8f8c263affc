#include "app/supervise/redis_server.hpp"

#include "platform/process/child_process.hpp"

#include <cstring>
#include <fstream>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace patchbay::supervise {
namespace {

/// One PING by hand: the supervisor asks before the hub's own client exists.
bool ping(const std::filesystem::path& socket_path) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path.c_str(), sizeof address.sun_path - 1);
  const timeval limit{1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char answer[8] = {};
  const bool alive = connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                     send(descriptor, "PING\r\n", 6, MSG_NOSIGNAL) == 6 &&
                     recv(descriptor, answer, sizeof answer - 1, 0) >= 5 && std::strncmp(answer, "+PONG", 5) == 0;
  close(descriptor);
  return alive;
}

}  // namespace

std::string RedisServer::url() const {
  return "unix://" + socket().string();
}

std::optional<pid_t> RedisServer::find_running() const {
  std::ifstream stream(pid_file());
  long number = 0;
  if (!(stream >> number) || number <= 0) return std::nullopt;
  const auto pid = static_cast<pid_t>(number);
  if (!process::is_alive(pid) || process::process_name(pid) != "redis-server") return std::nullopt;
  const auto directory = process::process_directory(pid);
  if (directory && *directory != folders_.redis_data) return std::nullopt;
  return pid;
}

sdk::Result<void> RedisServer::prepare() {
  std::error_code failure;
  if (!std::filesystem::exists("/usr/bin/redis-server", failure)) {
    return sdk::permanent_error(
        "supervise.no_redis",
        "/usr/bin/redis-server is missing: install redis-server, or set redis.url to a server of your own");
  }
  if (!find_running()) {
    std::filesystem::remove(pid_file(), failure);
    std::filesystem::remove(socket(), failure);
  }
  return {};
}

sdk::Result<pid_t> RedisServer::start() {
  return process::spawn({{"/usr/bin/redis-server",
                          "--port",
                          "0",
                          "--unixsocket",
                          socket().string(),
                          "--unixsocketperm",
                          "700",
                          "--dir",
                          folders_.redis_data.string(),
                          "--pidfile",
                          pid_file().string(),
                          "--appendonly",
                          "yes",
                          "--appendfsync",
                          "always",
                          "--save",
                          "",
                          "--maxmemory-policy",
                          "noeviction",
                          "--daemonize",
                          "no",
                          "--aof-load-truncated",
                          "yes"},
                         {},
                         folders_.redis_data,
                         folders_.logs / "redis.log"});
}

bool RedisServer::answers() const {
  return ping(socket());
}

bool RedisServer::end(pid_t pid, std::chrono::milliseconds limit) const {
  return process::end_process(pid, SIGTERM, limit);
}

}  // namespace patchbay::supervise
