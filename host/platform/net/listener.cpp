#include "platform/net/listener.hpp"

#include "platform/base/log.hpp"

#include <fcntl.h>

namespace patchbay::net {
namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kRetryAfterError{100};

/// Children that the host spawns must not inherit its sockets.
void close_on_exec(int descriptor) {
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

}  // namespace

sdk::Result<std::shared_ptr<Listener>> Listener::open(IoLoop& loop, const std::string& address, std::uint16_t port) {
  const auto failed = [&](const ErrorCode& error) {
    return sdk::permanent_error("net.cannot_listen", "Cannot listen on " + address + " port " + std::to_string(port) +
                                                         ": " + error.message() + ".");
  };
  ErrorCode error;
  const auto numeric = asio::ip::make_address(address == "localhost" ? "127.0.0.1" : address, error);
  if (error) return failed(error);
  const asio::ip::tcp::endpoint endpoint(numeric, port);
  const std::shared_ptr<Listener> listener(new Listener(loop));
  auto& acceptor = listener->acceptor_;
  acceptor.open(endpoint.protocol(), error);
  if (error) return failed(error);
  close_on_exec(acceptor.native_handle());
  acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed(error);
  listener->port_ = acceptor.local_endpoint(error).port();
  if (error) return failed(error);
  return listener;
}

void Listener::start(NextLoop next_loop, Accepted accepted) {
  next_loop_ = std::move(next_loop);
  accepted_ = std::move(accepted);
  accept();
}

void Listener::accept() {
  IoLoop& next = next_loop_();
  acceptor_.async_accept(next.executor(), [self = shared_from_this(), &next](ErrorCode error, Socket socket) {
    if (error == asio::error::operation_aborted || !self->acceptor_.is_open()) return;
    if (error) {
      // Most often the process is out of descriptors: trying again at once would only burn the processor.
      base::log_warning("net", "cannot accept a connection", {{"error", error.message()}});
      return self->accept_later();
    }
    close_on_exec(socket.native_handle());
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    self->accepted_(next, std::move(socket));
    self->accept();
  });
}

void Listener::accept_later() {
  retry_.expires_after(kRetryAfterError);
  retry_.async_wait([self = shared_from_this()](ErrorCode error) {
    if (!error && self->acceptor_.is_open()) self->accept();
  });
}

void Listener::close() {
  ErrorCode ignored;
  acceptor_.close(ignored);
  retry_.cancel();
}

}  // namespace patchbay::net
