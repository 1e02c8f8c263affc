#include "tests/support/redis_server.hpp"

#include "tests/support/wait.hpp"

#include <cstring>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <signal.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kProgram = "/usr/bin/redis-server";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {
    if (descriptor_ < 0) throw std::runtime_error("cannot make a socket");
  }
  ~Socket() { ::close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  operator int() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::uint16_t free_port() {
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(socket, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("cannot find a free port");
  }
  return ntohs(address.sin_port);
}

RedisServer::RedisServer(ChildLauncher& launcher, Options options)
    : launcher_(launcher), options_(std::move(options)), port_(options_.tcp ? free_port() : std::uint16_t{0}) {
  start();
}

RedisServer::~RedisServer() {
  try {
    kill();
  } catch (...) {  // the death signal ends what is left
  }
}

std::string RedisServer::url() const {
  return "unix://" + socket().string();
}

std::string RedisServer::tcp_url() const {
  const std::string credentials = options_.password.empty() ? "" : ":" + options_.password + "@";
  return "redis://" + credentials + "127.0.0.1:" + std::to_string(port_);
}

bool RedisServer::answers() const {
  const Socket connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket().c_str(), sizeof address.sun_path - 1);
  if (::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return false;
  static constexpr std::string_view kPing = "PING\r\n";
  if (::send(connection, kPing.data(), kPing.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(kPing.size())) return false;
  char answer[16] = {};
  const timeval limit{1, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (::recv(connection, answer, sizeof answer - 1, 0) <= 0) return false;
  return std::string_view(answer).starts_with("+PONG") || std::string_view(answer).starts_with("-NOAUTH");
}

void RedisServer::start() {
  if (running()) return;
  std::vector<std::string> arguments = {kProgram,
                                        "--dir",
                                        directory_.path(),
                                        "--unixsocket",
                                        socket(),
                                        "--unixsocketperm",
                                        "777",
                                        "--bind",
                                        "127.0.0.1",
                                        "--port",
                                        std::to_string(port_),
                                        "--save",
                                        "",
                                        "--appendonly",
                                        options_.append_only ? "yes" : "no",
                                        "--appendfsync",
                                        "always",
                                        "--daemonize",
                                        "no"};
  if (!options_.password.empty()) arguments.insert(arguments.end(), {"--requirepass", options_.password});
  process_ = launcher_.start({arguments, directory_.path() / "server.log", {}, {}});
  bool ended = false;
  const bool up = wait_until(
      [&] {
        int status = 0;
        ended = ::waitpid(process_, &status, WNOHANG) != 0;
        return ended || answers();
      },
      30s);
  if (ended) process_ = -1;
  if (ended || !up) throw std::runtime_error("Redis did not start: " + text_of(directory_.path() / "server.log"));
}

void RedisServer::end(int signal) {
  if (!running()) return;
  ::kill(process_, SIGCONT);
  ::kill(process_, signal);
  if (!wait_for_exit(process_, 10s)) {
    ::kill(process_, SIGKILL);
    static_cast<void>(wait_for_exit(process_, 10s));
  }
  process_ = -1;
}

void RedisServer::stop() {
  end(SIGTERM);
}
void RedisServer::kill() {
  end(SIGKILL);
}

void RedisServer::wipe() {
  kill();
  std::filesystem::remove_all(directory_.path() / "appendonlydir");
  std::filesystem::remove(directory_.path() / "dump.rdb");
  start();
}

void RedisServer::pause() {
  if (running()) ::kill(process_, SIGSTOP);
}

void RedisServer::resume() {
  if (running()) ::kill(process_, SIGCONT);
}

}  // namespace patchbay::testing
