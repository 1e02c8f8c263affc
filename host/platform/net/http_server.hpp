// The door: HTTP/1.1 and WebSocket over plain and TLS sockets. Beast and Asio stay behind net/*.cpp.
#pragma once

#include "platform/base/metrics.hpp"
#include "platform/http/message.hpp"
#include "platform/http/websocket.hpp"
#include "platform/net/trusted_proxies.hpp"

#include <patchbay/sdk/result.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace patchbay::net {

/// Whether TLS could be served with these PEM files; the error names the file.
sdk::Result<void> check_tls_files(const std::string& certificate_file, const std::string& key_file);

struct HttpServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;             // 0: any free one
  std::string tls_certificate, tls_key;  // PEM files; both empty: no TLS
  std::uint16_t tls_port = 0;            // 0: none
  std::size_t io_thread_count = 2;
  std::size_t connections_max = 8192;               // more are answered 503 and closed
  std::size_t header_bytes_max = 16 * 1024;         // more: 431
  std::uint64_t body_bytes_max = 10 * 1024 * 1024;  // more: 413
  std::chrono::milliseconds read_timeout{15'000};   // a whole request must arrive within this (slow clients are cut)
  std::chrono::milliseconds idle_timeout{75'000};   // between requests of a kept connection
  std::chrono::milliseconds write_timeout{30'000};
  std::size_t websocket_queue_bytes_max = 1024 * 1024;  // per socket; more: close 4408
  std::size_t websocket_message_bytes_max = 64 * 1024;
  std::chrono::milliseconds websocket_idle_timeout{
      60'000};                                // a silent peer is pinged after half of it and cut after all of it
  std::string websocket_path_suffix = "/ws";  // upgrades elsewhere go to the RequestSink as plain requests
  TrustedProxies trusted_proxies;             // whose X-Forwarded-For / -Proto are believed
};

/// Accepts, parses, writes and times out on its I/O threads; everything else is the sinks' business.
class HttpServer {
 public:
  HttpServer(HttpServerSettings settings, http::RequestSink& requests, http::WebSocketSink* sockets,
             base::Metrics& metrics);
  ~HttpServer();
  /// Takes the ports, without answering yet. Error names address and port.
  sdk::Result<void> bind();
  /// Binds where that has not been done, and starts the threads.
  sdk::Result<void> start();
  std::uint16_t port() const;  // the bound one
  std::uint16_t tls_port() const;
  std::size_t io_thread_count() const;
  /// Runs `work` on an I/O thread (for things that live there, such as a pipelined connection).
  void post(std::size_t io_thread, std::function<void()> work);
  /// Calls `ready` on that I/O thread whenever the descriptor becomes readable, until the returned handle is destroyed
  /// (on that thread, so that nothing runs after it, or after stop()). The descriptor is duplicated: the caller may
  /// close its own at any time. What `ready` throws is logged.
  std::shared_ptr<void> watch_readable(std::size_t io_thread, int descriptor, std::function<void()> ready);
  /// Calls `ready` once on that I/O thread when the descriptor becomes writable.
  void wait_writable(std::size_t io_thread, int descriptor, std::function<void()> ready);
  /// Calls `tick` on that I/O thread every `period` until the returned handle is destroyed.
  std::shared_ptr<void> every(std::size_t io_thread, std::chrono::milliseconds period, std::function<void()> tick);
  /// Takes no new connections, lets requests under way finish until `grace` is over, closes sockets with 1001, joins.
  /// Idempotent. Not to be called on an I/O thread. Afterwards no sink is called any more.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchbay::net
