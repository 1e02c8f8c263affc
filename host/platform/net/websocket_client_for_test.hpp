// A WebSocket client that writes every frame by hand, so that it can also write wrong ones.
#pragma once

#include "platform/net/raw_client_for_test.hpp"

namespace patchbay::net::testing_support {

struct Frame {
  int opcode = -1;  // -1: the connection ended
  std::string payload;
  int close_code() const {
    if (opcode != 8 || payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
  }
};

class WebSocketClient {
 public:
  static constexpr int kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;

  explicit WebSocketClient(std::uint16_t port, int receive_buffer_bytes = 0) : raw(port, receive_buffer_bytes) {}

  /// `more` goes out in the same write as the upgrade request.
  RawResponse upgrade(const std::string& fields = "", const std::string& path = "/ws", std::string_view more = {}) {
    return raw.exchange("GET " + path +
                        " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" + fields +
                        "\r\n" + std::string(more));
  }

  static std::string frame(int opcode, std::string_view payload, bool final = true) {
    std::string bytes(1, static_cast<char>((final ? 0x80 : 0) | opcode));
    const std::size_t size = payload.size();
    if (size < 126) {
      bytes += static_cast<char>(0x80 | size);
    } else {
      const bool wide = size > 0xFFFF;
      bytes += static_cast<char>(0x80 | (wide ? 127 : 126));
      for (int shift = wide ? 56 : 8; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
    }
    const std::string_view mask = "\x11\x22\x33\x44";
    bytes += mask;
    for (std::size_t index = 0; index < size; ++index) bytes += static_cast<char>(payload[index] ^ mask[index % 4]);
    return bytes;
  }

  bool send(int opcode, std::string_view payload, bool final = true) { return raw.send(frame(opcode, payload, final)); }

  Frame read() {
    const std::string head = raw.read(2);
    if (head.size() < 2) return {};
    std::size_t size = static_cast<unsigned char>(head[1]) & 0x7F;
    EXPECT_EQ(static_cast<unsigned char>(head[1]) & 0x80, 0) << "a server must not mask";
    if (size >= 126) {
      const std::string wide = raw.read(size == 126 ? 2 : 8);
      size = 0;
      for (const char byte : wide) size = size * 256 + static_cast<unsigned char>(byte);
    }
    EXPECT_EQ(static_cast<unsigned char>(head[0]) & 0xF0, 0x80) << "whole frames only, no extension bits";
    return {static_cast<unsigned char>(head[0]) & 0x0F, raw.read(size)};
  }

  RawClient raw;
};

}  // namespace patchbay::net::testing_support
