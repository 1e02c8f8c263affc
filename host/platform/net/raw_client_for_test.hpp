// A blocking client that sends exactly the bytes a test gives it.
#pragma once

#include <patchbay/sdk/http.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <charconv>
#include <chrono>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace patchbay::net::testing_support {

struct RawResponse {
  int status = 0;
  sdk::Headers headers;
  std::string body;
  std::string header(std::string_view name) const { return sdk::find_header(headers, name).value_or(""); }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer_bytes > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    const timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int descriptor() const { return socket_; }

  /// false: the peer closed meanwhile.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent_count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent_count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent_count));
    }
    return true;
  }

  /// Exactly `count` bytes; fewer only at the end of the connection.
  std::string read(std::size_t count) {
    while (buffered_.size() < count && receive()) {
    }
    const std::string bytes = buffered_.substr(0, count);
    buffered_.erase(0, bytes.size());
    return bytes;
  }

  /// status 0: the connection ended (or was silent for ten seconds) before a whole response had come.
  RawResponse read_response(bool with_body = true) {
    std::size_t end = std::string::npos;
    while ((end = buffered_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return {};
    }
    RawResponse response = parse_head(std::string_view(buffered_).substr(0, end + 2));
    buffered_.erase(0, end + 4);
    std::size_t length = 0;
    const std::string text = response.header("Content-Length");
    std::from_chars(text.data(), text.data() + text.size(), length);
    if (with_body) response.body = read(length);
    return response;
  }

  RawResponse exchange(std::string_view bytes, bool with_body = true) {
    send(bytes);
    return read_response(with_body);
  }

  /// The peer has closed and nothing but what was read has come.
  bool at_end() { return buffered_.empty() && !receive() && ended_; }

 private:
  bool receive() {
    char bytes[16 * 1024];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) {
      ended_ = count == 0;
      return false;
    }
    buffered_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  static RawResponse parse_head(std::string_view head) {
    RawResponse response;
    std::from_chars(head.data() + 9, head.data() + 12, response.status);
    for (head.remove_prefix(head.find("\r\n") + 2); !head.empty();) {
      const auto end = head.find("\r\n");
      const auto colon = head.find(": ");
      response.headers.emplace_back(head.substr(0, colon), head.substr(colon + 2, end - colon - 2));
      head.remove_prefix(end + 2);
    }
    return response;
  }

  int socket_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffered_;
};

}  // namespace patchbay::net::testing_support
