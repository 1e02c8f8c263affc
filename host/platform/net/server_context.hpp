// What all connections of one server share.
#pragma once

#include "platform/base/metrics.hpp"
#include "platform/net/http_server.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace patchbay::net {

struct ServerContext {
  ServerContext(HttpServerSettings server_settings, http::RequestSink& request_sink, http::WebSocketSink* socket_sink,
                base::Metrics& metrics);

  const HttpServerSettings settings;
  http::RequestSink& requests;
  http::WebSocketSink* const sockets;
  const base::Gauge connections_open;
  const base::Gauge websockets_open;
  const base::Counter slow_readers_cut;
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> next_socket_id{1};

  std::size_t connection_count() const { return connection_count_.load(std::memory_order_relaxed); }
  /// Waits until no connection is left. false: the time was over first.
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);

 private:
  friend class ConnectionTicket;
  std::atomic<std::size_t> connection_count_{0};
  std::mutex mutex_;
  std::condition_variable empty_;
};

/// Held by each connection for as long as it lives: the count that connections_max limits and that stop() waits for.
class ConnectionTicket {
 public:
  explicit ConnectionTicket(std::shared_ptr<ServerContext> context);
  ~ConnectionTicket();
  ConnectionTicket(const ConnectionTicket&) = delete;
  ConnectionTicket& operator=(const ConnectionTicket&) = delete;

 private:
  std::shared_ptr<ServerContext> context_;
};

}  // namespace patchbay::net
