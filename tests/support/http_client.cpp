#include "tests/support/http_client.hpp"

#include "tests/support/tcp_stream.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace patchbay::testing {
namespace {

constexpr std::size_t kJsonBytesMax = 256 * 1024 * 1024;

std::string request_text(std::uint16_t port, const HttpCall& call) {
  std::string text = call.method + " " + call.target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                     "\r\nConnection: close\r\n";
  for (const auto& [name, value] : call.headers) text += name + ": " + value + "\r\n";
  if (!call.body.empty() || call.method == "POST" || call.method == "PUT" || call.method == "PATCH") {
    text += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  }
  return text + "\r\n" + call.body;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

bool parse_head(std::string_view head, HttpAnswer& answer) {
  const auto line_end = std::min(head.find("\r\n"), head.size());
  if (!head.starts_with("HTTP/1.1 ") || line_end < 12) return false;
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  head.remove_prefix(std::min(line_end + 2, head.size()));
  while (!head.empty()) {
    const auto end = std::min(head.find("\r\n"), head.size());
    const auto line = head.substr(0, end);
    if (const auto colon = line.find(':'); colon != std::string_view::npos) {
      answer.headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
    }
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return true;
}

/// The body of a chunked answer; nullopt while it is not whole.
std::optional<std::string> unchunked(std::string_view bytes) {
  std::string body;
  while (true) {
    const auto line_end = bytes.find("\r\n");
    if (line_end == std::string_view::npos) return std::nullopt;
    std::size_t size = 0;
    if (std::from_chars(bytes.data(), bytes.data() + line_end, size, 16).ec != std::errc()) return std::nullopt;
    bytes.remove_prefix(line_end + 2);
    if (size == 0) return body;
    if (bytes.size() < size + 2) return std::nullopt;
    body += bytes.substr(0, size);
    bytes.remove_prefix(size + 2);
  }
}

/// The whole body, or nullopt while more is to come.
std::optional<std::string> body_of(const HttpAnswer& answer, std::string_view bytes, bool ended) {
  if (answer.status == 204 || answer.status == 304) return std::string();
  if (answer.header("Transfer-Encoding") == "chunked") return unchunked(bytes);
  const auto length = answer.header("Content-Length");
  if (length.empty()) return ended ? std::optional(std::string(bytes)) : std::nullopt;
  std::size_t size = 0;
  std::from_chars(length.data(), length.data() + length.size(), size);
  return bytes.size() >= size ? std::optional(std::string(bytes.substr(0, size))) : std::nullopt;
}

}  // namespace

sdk::json::value HttpAnswer::json() const {
  auto parsed = sdk::parse_json(body, {kJsonBytesMax, 64});
  return parsed.ok() ? std::move(*parsed) : sdk::json::value();
}

std::string HttpAnswer::text() const {
  return std::to_string(status) + " " + body.substr(0, 600);
}

HttpAnswer send_http(std::uint16_t port, const HttpCall& call) {
  TcpStream stream(port, std::chrono::steady_clock::now() + call.limit);
  stream.write(request_text(port, call));
  std::string received;
  std::size_t body_at = std::string::npos;
  HttpAnswer answer;
  while (true) {
    const std::string more = stream.read_some();
    received += more;
    if (body_at == std::string::npos) {
      const auto head_end = received.find("\r\n\r\n");
      if (head_end != std::string::npos) {
        if (!parse_head(std::string_view(received).substr(0, head_end), answer)) return {};
        body_at = head_end + 4;
      }
    }
    if (body_at != std::string::npos) {
      if (auto body = body_of(answer, std::string_view(received).substr(body_at), more.empty())) {
        answer.body = std::move(*body);
        return answer;
      }
    }
    if (more.empty()) return {};
  }
}

}  // namespace patchbay::testing
