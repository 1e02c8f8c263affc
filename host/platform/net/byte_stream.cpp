#include "platform/net/byte_stream.hpp"

#include <boost/asio/ssl/stream.hpp>

#include <array>

namespace patchbay::net {
namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

namespace {

constexpr std::size_t kDiscardBytesMax = 64 * 1024 * 1024;

/// Drops what has left; returns what remains.
std::span<asio::const_buffer> advance(std::span<asio::const_buffer> buffers, std::size_t count) {
  while (!buffers.empty() && count >= buffers.front().size()) {
    count -= buffers.front().size();
    buffers = buffers.subspan(1);
  }
  if (!buffers.empty()) buffers.front() += count;
  return buffers;
}

}  // namespace

struct ByteStream::Tls {
  asio::ssl::stream<Socket&> stream;
};

ByteStream::ByteStream(Socket socket, asio::ssl::context* tls) : socket_(std::move(socket)) {
  if (tls != nullptr) tls_.reset(new Tls{asio::ssl::stream<Socket&>(socket_, *tls)});
}

ByteStream::~ByteStream() = default;

std::string ByteStream::remote_address() const {
  ErrorCode error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return {};
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

void ByteStream::handshake(Completion done) {
  tls_->stream.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this(), done = std::move(done)](
                                                                   ErrorCode error) mutable { done(error, 0); });
}

void ByteStream::read_some(asio::mutable_buffer buffer, Completion done) {
  auto handler = [self = shared_from_this(), done = std::move(done)](ErrorCode error, std::size_t count) mutable {
    done(error, count);
  };
  if (tls_) {
    tls_->stream.async_read_some(buffer, std::move(handler));
  } else {
    socket_.async_read_some(buffer, std::move(handler));
  }
}

void ByteStream::write(std::span<asio::const_buffer> buffers, Completion done) {
  write_more(buffers, 0, std::move(done));
}

void ByteStream::write_more(std::span<asio::const_buffer> buffers, std::size_t written_count, Completion done) {
  auto handler = [this, self = shared_from_this(), buffers, written_count, done = std::move(done)](
                     ErrorCode error, std::size_t count) mutable {
    const auto remaining = advance(buffers, count);
    if (error || remaining.empty()) {
      done(error, written_count + count);
    } else {
      write_progressed_at_ = std::chrono::steady_clock::now();
      write_more(remaining, written_count + count, std::move(done));
    }
  };
  if (tls_) {
    tls_->stream.async_write_some(buffers, std::move(handler));
  } else {
    socket_.async_write_some(buffers, std::move(handler));
  }
}

void ByteStream::linger(Completion done) {
  if (!tls_) {
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    discard(kDiscardBytesMax, std::move(done));
    return;
  }
  tls_->stream.async_shutdown([this, self = shared_from_this(), done = std::move(done)](ErrorCode) mutable {
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    discard(kDiscardBytesMax, std::move(done));
  });
}

void ByteStream::discard(std::size_t budget_bytes, Completion done) {
  // One buffer for all streams of the thread: nobody reads what lands in it.
  static thread_local std::array<char, 16 * 1024> dropped;
  socket_.async_read_some(asio::buffer(dropped), [this, self = shared_from_this(), budget_bytes,
                                                  done = std::move(done)](ErrorCode error, std::size_t count) mutable {
    if (error || count >= budget_bytes) {
      done(error, 0);
    } else {
      discard(budget_bytes - count, std::move(done));
    }
  });
}

void ByteStream::cancel() {
  ErrorCode ignored;
  socket_.cancel(ignored);
}

void ByteStream::reset_on_close() {
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
}

void ByteStream::close() {
  ErrorCode ignored;
  socket_.close(ignored);
}

}  // namespace patchbay::net
