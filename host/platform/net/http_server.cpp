#include "platform/net/http_server.hpp"

#include "platform/base/log.hpp"
#include "platform/net/http_session.hpp"
#include "platform/net/io_watch.hpp"
#include "platform/net/listener.hpp"
#include "platform/net/server_context.hpp"
#include "platform/net/tls_context.hpp"

namespace patchbay::net {
namespace {

/// Beyond connections_max this many more are let in to be told 503; after that connections are closed without a word.
constexpr std::size_t kRefusedConnectionsMax = 64;
constexpr std::chrono::milliseconds kAbortTime{2'000};

/// A few ticks within the shortest limit, so that no limit is exceeded by much.
std::chrono::milliseconds tick_period(const HttpServerSettings& settings) {
  const auto shortest = std::min({settings.read_timeout, settings.idle_timeout, settings.write_timeout});
  return std::clamp(shortest / 8, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
}

}  // namespace

sdk::Result<void> check_tls_files(const std::string& certificate_file, const std::string& key_file) {
  PATCHBAY_TRY(make_tls_context(certificate_file, key_file));
  return {};
}

struct HttpServer::Impl {
  Impl(HttpServerSettings settings, http::RequestSink& requests, http::WebSocketSink* sockets, base::Metrics& metrics);

  sdk::Result<void> open_listeners();
  void listen(const std::shared_ptr<Listener>& listener, boost::asio::ssl::context* tls_or_null);
  void accepted(IoLoop& loop, Socket socket, boost::asio::ssl::context* tls_or_null);
  IoLoop& loop(std::size_t index) { return *loops[index % loops.size()]; }

  std::shared_ptr<ServerContext> context;
  std::unique_ptr<boost::asio::ssl::context> tls;
  std::vector<std::shared_ptr<IoLoop>> loops;
  std::shared_ptr<Listener> plain_listener;
  std::shared_ptr<Listener> tls_listener;
  std::size_t next_loop = 0;  // on loop 0 only, where both listeners live
  bool started = false;
  bool stopped = false;
};

HttpServer::Impl::Impl(HttpServerSettings settings, http::RequestSink& requests, http::WebSocketSink* sockets,
                       base::Metrics& metrics)
    : context(std::make_shared<ServerContext>(std::move(settings), requests, sockets, metrics)) {
  const std::size_t loop_count = std::max<std::size_t>(context->settings.io_thread_count, 1);
  for (std::size_t index = 0; index < loop_count; ++index) {
    loops.push_back(std::make_shared<IoLoop>(index, tick_period(context->settings)));
  }
}

sdk::Result<void> HttpServer::Impl::open_listeners() {
  const HttpServerSettings& settings = context->settings;
  PATCHBAY_ASSIGN(plain_listener, Listener::open(*loops[0], settings.address, settings.port));
  if (settings.tls_certificate.empty() && settings.tls_key.empty()) return {};
  PATCHBAY_ASSIGN(tls, make_tls_context(settings.tls_certificate, settings.tls_key));
  PATCHBAY_ASSIGN(tls_listener, Listener::open(*loops[0], settings.address, settings.tls_port));
  return {};
}

void HttpServer::Impl::listen(const std::shared_ptr<Listener>& listener, boost::asio::ssl::context* tls_or_null) {
  listener->start(
      [this]() -> IoLoop& { return loop(next_loop++); },
      [this, tls_or_null](IoLoop& owner, Socket socket) { accepted(owner, std::move(socket), tls_or_null); });
}

void HttpServer::Impl::accepted(IoLoop& owner, Socket socket, boost::asio::ssl::context* tls_or_null) {
  const std::size_t open_count = context->connection_count();
  const std::size_t open_max = context->settings.connections_max;
  if (open_count >= open_max + kRefusedConnectionsMax) return;
  const auto session =
      std::make_shared<HttpSession>(context, owner, std::make_shared<ByteStream>(std::move(socket), tls_or_null));
  owner.post([session, overloaded = open_count >= open_max] { session->start(overloaded); });
}

HttpServer::HttpServer(HttpServerSettings settings, http::RequestSink& requests, http::WebSocketSink* sockets,
                       base::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(settings), requests, sockets, metrics)) {}

HttpServer::~HttpServer() {
  stop(std::chrono::milliseconds(0));
}

sdk::Result<void> HttpServer::bind() {
  try {
    return impl_->open_listeners();
  } catch (const std::exception& exception) {
    return sdk::permanent_error("net.cannot_start", std::string("The HTTP server cannot start: ") + exception.what());
  }
}

sdk::Result<void> HttpServer::start() {
  if (!impl_->plain_listener) PATCHBAY_TRY(bind());
  try {
    impl_->started = true;
    for (const auto& loop : impl_->loops) loop->start();
  } catch (const std::exception& exception) {
    return sdk::permanent_error("net.cannot_start", std::string("The HTTP server cannot start: ") + exception.what());
  }
  impl_->loops[0]->post([impl = impl_.get()] {
    impl->listen(impl->plain_listener, nullptr);
    if (impl->tls_listener) impl->listen(impl->tls_listener, impl->tls.get());
  });
  return {};
}

std::uint16_t HttpServer::port() const {
  return impl_->plain_listener ? impl_->plain_listener->port() : 0;
}
std::uint16_t HttpServer::tls_port() const {
  return impl_->tls_listener ? impl_->tls_listener->port() : 0;
}
std::size_t HttpServer::io_thread_count() const {
  return impl_->loops.size();
}

void HttpServer::post(std::size_t io_thread, std::function<void()> work) {
  impl_->loop(io_thread).post(std::move(work));
}

std::shared_ptr<void> HttpServer::watch_readable(std::size_t io_thread, int descriptor, std::function<void()> ready) {
  return net::watch_readable(impl_->loop(io_thread), descriptor, std::move(ready));
}

void HttpServer::wait_writable(std::size_t io_thread, int descriptor, std::function<void()> ready) {
  net::wait_writable(impl_->loop(io_thread), descriptor, std::move(ready));
}

std::shared_ptr<void> HttpServer::every(std::size_t io_thread, std::chrono::milliseconds period,
                                        std::function<void()> tick) {
  return net::every(impl_->loop(io_thread), period, std::move(tick));
}

void HttpServer::stop(std::chrono::milliseconds grace) {
  Impl& impl = *impl_;
  if (!impl.started || std::exchange(impl.stopped, true)) return;
  const auto now = std::chrono::steady_clock::now();
  impl.context->draining = true;
  impl.loops[0]->post([&impl] {
    impl.plain_listener->close();
    if (impl.tls_listener) impl.tls_listener->close();
  });
  for (const auto& loop : impl.loops) loop->drain();
  if (!impl.context->wait_until_empty(now + grace)) {
    base::log_warning("net", "connections are cut: the time to finish is over",
                      {{"connections", impl.context->connection_count()}});
    for (const auto& loop : impl.loops) loop->abort_connections();
    impl.context->wait_until_empty(std::chrono::steady_clock::now() + kAbortTime);
  }
  for (const auto& loop : impl.loops) loop->stop_and_join();
}

}  // namespace patchbay::net
