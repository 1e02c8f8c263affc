#include "tests/integration/api_client.hpp"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace patchbay::testing {
namespace {

class Socket {
 public:
  explicit Socket(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{10, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(descriptor_);
      throw std::runtime_error("the server does not take connections");
    }
  }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the server does not take the request");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Everything until the server closes.
  std::string read_all() const {
    std::string text;
    std::array<char, 16 * 1024> buffer{};
    for (;;) {
      const auto count = recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (count < 0) throw std::runtime_error("no answer in time");
      if (count == 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  int descriptor_;
};

ApiAnswer parse_answer(const std::string& text) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string::npos || !text.starts_with("HTTP/1.1 "))
    throw std::runtime_error("not an answer: " + text);
  ApiAnswer answer;
  std::from_chars(text.data() + 9, text.data() + 12, answer.status);
  std::size_t line = text.find("\r\n") + 2;
  while (line < head_end) {
    const std::size_t end = text.find("\r\n", line);
    const std::size_t colon = text.find(": ", line);
    if (colon < end)
      answer.headers.emplace_back(text.substr(line, colon - line), text.substr(colon + 2, end - colon - 2));
    line = end + 2;
  }
  answer.body = text.substr(head_end + 4);
  return answer;
}

}  // namespace

sdk::json::value ApiAnswer::json() const {
  const auto parsed = sdk::parse_json(body);
  if (!parsed.ok()) throw std::runtime_error("not JSON: " + body);
  return *parsed;
}

ApiAnswer ApiClient::post(const std::string& path, const sdk::json::value& body, sdk::Headers headers) const {
  headers.emplace_back("Content-Type", "application/json");
  return send("POST", path, sdk::json::serialize(body), std::move(headers));
}

ApiAnswer ApiClient::send(const std::string& method, const std::string& path, const std::string& body,
                          sdk::Headers headers) const {
  std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  if (!token_.empty()) headers.emplace_back("Authorization", "Bearer " + token_);
  for (const auto& [name, value] : headers) request.append(name).append(": ").append(value).append("\r\n");
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request.append("\r\n").append(body);
  const Socket socket(port_);
  socket.write(request);
  return parse_answer(socket.read_all());
}

}  // namespace patchbay::testing
