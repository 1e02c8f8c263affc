#pragma once

#include "tests/support/tcp_stream.hpp"

#include <patchbay/sdk/http.hpp>
#include <patchbay/sdk/json.hpp>

#include <functional>
#include <optional>
#include <string>

namespace patchbay::testing {

/// A WebSocket to a server on 127.0.0.1, JSON text messages in both directions, blocking, with a deadline on every
/// call. Throws std::runtime_error where the upgrade is refused.
class WebSocketClient {
 public:
  WebSocketClient(std::uint16_t port, const std::string& target, const sdk::Headers& headers = {},
                  std::chrono::milliseconds limit = std::chrono::seconds(10));

  void send(const sdk::json::value& message);
  /// The next message; nullopt at the deadline or when the socket has closed.
  std::optional<sdk::json::value> read(std::chrono::milliseconds limit);
  /// Reads on until a message satisfies `wanted`; nullopt at the deadline or when the socket has closed.
  std::optional<sdk::json::value> read_until(const std::function<bool(const sdk::json::value&)>& wanted,
                                             std::chrono::milliseconds limit);
  std::optional<int> close_code() const { return close_code_; }

 private:
  bool fill(std::size_t size);
  void send_frame(int opcode, std::string_view payload);

  TcpStream stream_;
  std::string buffer_;
  std::optional<int> close_code_;
};

}  // namespace patchbay::testing
