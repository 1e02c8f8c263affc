#include "tests/support/websocket_client.hpp"

#include <stdexcept>

namespace patchbay::testing {
namespace {

constexpr int kText = 1, kClose = 8, kPing = 9, kPong = 10;

}  // namespace

WebSocketClient::WebSocketClient(std::uint16_t port, const std::string& target, const sdk::Headers& headers,
                                 std::chrono::milliseconds limit)
    : stream_(port, std::chrono::steady_clock::now() + limit) {
  std::string request = "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n" +
                        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
                        "Sec-WebSocket-Version: 13\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  stream_.write(request + "\r\n");
  std::size_t head_end = std::string::npos;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill(buffer_.size() + 1)) throw std::runtime_error("no answer to the WebSocket upgrade: " + buffer_);
  }
  if (!buffer_.starts_with("HTTP/1.1 101 ")) throw std::runtime_error("the WebSocket upgrade was refused: " + buffer_);
  buffer_.erase(0, head_end + 4);
}

bool WebSocketClient::fill(std::size_t size) {
  while (buffer_.size() < size) {
    const std::string more = stream_.read_some();
    if (more.empty()) return false;
    buffer_ += more;
  }
  return true;
}

void WebSocketClient::send_frame(int opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    const bool wide = payload.size() > 0xFFFF;
    frame += static_cast<char>(0x80 | (wide ? 127 : 126));
    for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift);
  }
  constexpr std::string_view kMask = "\x21\x43\x65\x17";
  frame += kMask;
  for (std::size_t index = 0; index < payload.size(); ++index)
    frame += static_cast<char>(payload[index] ^ kMask[index % 4]);
  stream_.write(frame);
}

void WebSocketClient::send(const sdk::json::value& message) {
  send_frame(kText, sdk::json::serialize(message));
}

std::optional<sdk::json::value> WebSocketClient::read(std::chrono::milliseconds limit) {
  stream_.set_deadline(std::chrono::steady_clock::now() + limit);
  while (fill(2)) {
    const auto byte = [&](std::size_t index) {
      return static_cast<std::size_t>(static_cast<unsigned char>(buffer_[index]));
    };
    std::size_t size = byte(1) & 0x7F;
    const std::size_t extra = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (!fill(2 + extra)) return std::nullopt;
    if (extra > 0) size = 0;
    for (std::size_t index = 0; index < extra; ++index) size = size * 256 + byte(2 + index);
    if (!fill(2 + extra + size)) return std::nullopt;
    const int opcode = static_cast<int>(byte(0) & 0x0F);
    const std::string payload = buffer_.substr(2 + extra, size);
    buffer_.erase(0, 2 + extra + size);
    if (opcode == kPing) send_frame(kPong, payload);
    if (opcode == kClose) {
      close_code_ = payload.size() < 2
                        ? 1005
                        : static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
      return std::nullopt;
    }
    if (opcode != kText) continue;
    auto message = sdk::parse_json(payload);
    if (!message.ok()) throw std::runtime_error("a WebSocket message is no JSON: " + payload);
    return std::move(*message);
  }
  return std::nullopt;
}

std::optional<sdk::json::value> WebSocketClient::read_until(const std::function<bool(const sdk::json::value&)>& wanted,
                                                            std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    auto message = read(left);
    if (!message || wanted(*message)) return message;
  }
}

}  // namespace patchbay::testing
