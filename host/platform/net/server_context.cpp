#include "platform/net/server_context.hpp"

namespace patchbay::net {

ServerContext::ServerContext(HttpServerSettings server_settings, http::RequestSink& request_sink,
                             http::WebSocketSink* socket_sink, base::Metrics& metrics)
    : settings(std::move(server_settings)),
      requests(request_sink),
      sockets(socket_sink),
      connections_open(
          metrics.gauge("patchbay_net_connections_open", "Connections that are open, WebSockets included")),
      websockets_open(metrics.gauge("patchbay_net_websockets_open", "WebSockets that are open")),
      slow_readers_cut(metrics.counter("patchbay_net_slow_readers_cut_total",
                                       "WebSockets closed because their reader fell too far behind")) {}

bool ServerContext::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, deadline, [this] { return connection_count() == 0; });
}

ConnectionTicket::ConnectionTicket(std::shared_ptr<ServerContext> context) : context_(std::move(context)) {
  ++context_->connection_count_;
  context_->connections_open.add(1);
}

ConnectionTicket::~ConnectionTicket() {
  context_->connections_open.add(-1);
  if (--context_->connection_count_ != 0) return;
  // Under the lock, so that a waiter cannot test the count just before and sleep just after.
  const std::lock_guard lock(context_->mutex_);
  context_->empty_.notify_all();
}

}  // namespace patchbay::net
