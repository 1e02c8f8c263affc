#include "tests/support/socket_server.hpp"

#include <algorithm>
#include <charconv>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

std::size_t content_length(std::string_view head) {
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
  });
  static constexpr std::string_view kName = "\r\ncontent-length: ";
  const auto at = lower.find(kName);
  std::size_t length = 0;
  if (at != std::string::npos) {
    std::from_chars(lower.data() + at + kName.size(), lower.data() + lower.size(), length);
  }
  return length;
}

}  // namespace

std::optional<std::string> SocketServer::Peer::read_request() {
  while (true) {
    const auto head_end = received_.find("\r\n\r\n");
    if (head_end != std::string::npos) {
      const std::size_t size = head_end + 4 + content_length(std::string_view(received_).substr(0, head_end + 2));
      if (received_.size() >= size) {
        std::string request = received_.substr(0, size);
        received_.erase(0, size);
        return request;
      }
    }
    char buffer[16384];
    const auto length = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (length <= 0) return std::nullopt;
    received_.append(buffer, static_cast<std::size_t>(length));
  }
}

std::optional<std::string> SocketServer::Peer::read_line() {
  while (true) {
    const auto end = received_.find("\r\n");
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 2);
      return line;
    }
    char buffer[16384];
    const auto length = ::recv(descriptor_, buffer, sizeof buffer, 0);
    if (length <= 0) return std::nullopt;
    received_.append(buffer, static_cast<std::size_t>(length));
  }
}

void SocketServer::Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void SocketServer::Peer::answer(std::string_view body) {
  write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

void SocketServer::Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void SocketServer::Peer::wait_for_close() {
  char buffer[4096];
  while (::recv(descriptor_, buffer, sizeof buffer, 0) > 0) {
  }
}

bool SocketServer::Peer::hears_within(std::chrono::milliseconds time) const {
  pollfd descriptor{descriptor_, POLLIN, 0};
  return ::poll(&descriptor, 1, static_cast<int>(time.count())) > 0;
}

SocketServer::SocketServer(Behaviour behaviour) : behaviour_(std::move(behaviour)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener_, 64) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { accept_all(); });
}

SocketServer::~SocketServer() {
  ::shutdown(listener_, SHUT_RDWR);  // ends accept()
  thread_.join();
  ::close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& session : sessions_) ::shutdown(session.descriptor, SHUT_RDWR);
  }
  for (auto& session : sessions_) {
    session.thread.join();
    if (session.descriptor >= 0) ::close(session.descriptor);
  }
}

std::string SocketServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void SocketServer::accept_all() {
  while (true) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    ++connection_count_;
    const std::lock_guard lock(mutex_);
    auto& session = sessions_.emplace_back(Session{descriptor, {}});
    session.thread = std::thread([this, &session, descriptor] {
      Peer peer(descriptor);
      behaviour_(peer);
      const std::lock_guard closing(mutex_);
      ::close(descriptor);
      session.descriptor = -1;
    });
  }
}

}  // namespace patchbay::testing
