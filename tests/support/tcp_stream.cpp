#include "tests/support/tcp_stream.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool is_free(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(port);
  const bool free = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(descriptor);
  return free;
}

}  // namespace

TcpStream::TcpStream(std::uint16_t port, Deadline deadline)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), deadline_(deadline) {
  const auto address = loopback(port);
  const int one = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
  int problem = errno;
  if (problem == EINPROGRESS && wait(POLLOUT)) {
    socklen_t size = sizeof problem;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &problem, &size);
  }
  if (problem != 0) close();
}

TcpStream::~TcpStream() {
  close();
}

void TcpStream::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

bool TcpStream::wait(short events) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now()).count();
  pollfd entry{descriptor_, events, 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 600'000)));
  timed_out_ = ready == 0;
  return ready > 0;
}

bool TcpStream::write(std::string_view bytes) {
  while (connected() && !bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN || !wait(POLLOUT)) {
      return false;  // what the other side said before it hung up can still be read
    }
  }
  return connected();
}

std::string TcpStream::read_some() {
  std::array<char, 65'536> buffer;
  while (connected()) {
    const ssize_t received = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (received > 0) return {buffer.data(), static_cast<std::size_t>(received)};
    if (received < 0 && errno == EAGAIN) {
      if (wait(POLLIN)) continue;
      return {};
    }
    close();
  }
  return {};
}

std::uint16_t listening_port() {
  int lowest = 32'768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> lowest;
  std::random_device random;
  std::uniform_int_distribution<int> ports(std::min(10'000, lowest - 1), lowest - 1);
  for (int tries = 0; tries < 1'000; ++tries) {
    const auto port = static_cast<std::uint16_t>(ports(random));
    if (is_free(port)) return port;
  }
  throw std::runtime_error("no free port on 127.0.0.1");
}

}  // namespace patchbay::testing
