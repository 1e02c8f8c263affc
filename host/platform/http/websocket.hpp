// WebSocket as the hub serves it, without third parties.
#pragma once

#include "platform/http/message.hpp"

#include <memory>
#include <string>

namespace patchbay::http {

/// One open socket. Thread-safe. Sends are queued, bounded; a reader that falls behind is closed with 4408.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  /// Queues a text frame; the same buffer may be shared by many sockets. false: closed or closing.
  virtual bool send(std::shared_ptr<const std::string> text) = 0;
  virtual void close(int code, std::string reason) = 0;
  virtual std::uint64_t id() const = 0;
};

/// What serves the sockets (implemented by engine/events). Called on I/O threads: must not block.
class WebSocketSink {
 public:
  virtual ~WebSocketSink() = default;
  /// The upgrade request; a response refuses it (401, 403, 404), nullopt accepts. `subprotocol` is answered when not
  /// empty.
  virtual std::optional<Response> accept(const Request& upgrade, std::string& subprotocol) = 0;
  virtual void opened(std::shared_ptr<WebSocket> socket, const Request& upgrade) = 0;
  virtual void received(const std::shared_ptr<WebSocket>& socket, std::string text) = 0;
  virtual void closed(std::uint64_t socket_id) = 0;
};

}  // namespace patchbay::http
