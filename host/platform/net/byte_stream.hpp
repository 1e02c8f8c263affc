// The one stream type of the server: a TCP socket, plain or with TLS over it.
#pragma once

#include "platform/net/completion.hpp"
#include "platform/net/io_loop.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <span>
#include <string>

namespace patchbay::net {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;

/// Used on its loop's thread only. Operations keep the stream alive. At most one read and one write at a time.
class ByteStream : public std::enable_shared_from_this<ByteStream> {
 public:
  /// `tls` nullptr: plain.
  ByteStream(Socket socket, boost::asio::ssl::context* tls);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  bool secure() const { return tls_ != nullptr; }
  Executor executor() { return socket_.get_executor(); }
  /// Numeric address of the peer; IPv4 in its own form also where it came over an IPv6 socket.
  std::string remote_address() const;

  void handshake(Completion done);
  void read_some(boost::asio::mutable_buffer buffer, Completion done);
  /// Writes everything. The span and what it points to belong to the caller and stay until `done`; the span's buffers
  /// are moved on as bytes leave.
  void write(std::span<boost::asio::const_buffer> buffers, Completion done);
  /// When the last part of a write that did not leave at once has left.
  TimePoint write_progressed_at() const { return write_progressed_at_; }
  /// Says goodbye (close_notify, FIN), then reads and drops what the peer still sends until it closes too. Without this
  /// a peer that is still sending gets a reset, which may destroy the response on its way.
  void linger(Completion done);
  /// Ends the operations under way with an error; the stream stays usable.
  void cancel();
  /// close() sends RST instead of FIN, so that the peer knows its request was not answered on purpose.
  void reset_on_close();
  void close();

 private:
  struct Tls;

  void write_more(std::span<boost::asio::const_buffer> buffers, std::size_t written_count, Completion done);
  void discard(std::size_t budget_bytes, Completion done);

  Socket socket_;
  std::unique_ptr<Tls> tls_;
  TimePoint write_progressed_at_;
};

}  // namespace patchbay::net
