// A listening socket that deals accepted connections to the loops.
#pragma once

#include "platform/net/byte_stream.hpp"

#include <patchbay/sdk/result.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>

namespace patchbay::net {

/// Lives on the loop it was opened on.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using NextLoop = std::function<IoLoop&()>;
  using Accepted = std::function<void(IoLoop&, Socket)>;

  /// Binds and listens; the error names address and port.
  static sdk::Result<std::shared_ptr<Listener>> open(IoLoop& loop, const std::string& address, std::uint16_t port);

  std::uint16_t port() const { return port_; }
  /// `accepted` is called on this listener's loop with a socket that belongs to the loop given by `next_loop`.
  void start(NextLoop next_loop, Accepted accepted);
  /// On the loop's thread.
  void close();

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

  explicit Listener(IoLoop& loop) : acceptor_(loop.executor()), retry_(loop.executor()) {}
  void accept();
  void accept_later();

  Acceptor acceptor_;
  Timer retry_;
  std::uint16_t port_ = 0;
  NextLoop next_loop_;
  Accepted accepted_;
};

}  // namespace patchbay::net
