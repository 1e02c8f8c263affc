// The write side of a WebSocket: whole frames, in order, many in one system call.
#pragma once

#include "platform/net/byte_stream.hpp"
#include "platform/net/websocket_port.hpp"

#include <array>
#include <deque>
#include <optional>

namespace patchbay::net {

/// Text frames share their payload with other sockets: a server's frames are not masked, so only the few bytes of the
/// header are the socket's own. What Beast writes (handshake, pong, close) passes through the same queue and so never
/// lies inside another frame. Lives on the loop's thread.
class FrameWriter {
 public:
  /// Told after each write: the payload bytes of the texts in it, and whether they have left.
  class OnSent {
   public:
    virtual ~OnSent() = default;
    virtual void on_sent(Completion::ErrorCode error, std::size_t text_bytes) = 0;
  };

  explicit FrameWriter(std::shared_ptr<ByteStream> stream) : stream_(std::move(stream)) {}

  void push_text(WebSocketPort::Text text);
  void push_bytes(std::string bytes, Completion done);
  /// Starts a write if none is under way. `owner` is kept until it ends and owns this writer and `on_sent`.
  void pump(const std::shared_ptr<void>& owner, OnSent& on_sent);
  /// Drops the texts that no write has taken yet; returns their bytes.
  std::size_t drop_texts();
  /// Ends what no write has taken yet with operation_aborted, in a later turn of the loop.
  void abort();

  bool writing() const { return in_flight_count_ > 0; }
  TimePoint writing_since() const { return writing_since_; }

 private:
  struct Entry {
    std::array<unsigned char, 10> header;
    std::size_t header_size = 0;
    WebSocketPort::Text payload;
    std::optional<Completion> done;  // of push_bytes
  };
  void finish(Completion::ErrorCode error, OnSent& on_sent);

  static constexpr std::size_t kBuffersMax = 64;  // what one writev of asio takes

  const std::shared_ptr<ByteStream> stream_;
  std::deque<Entry> entries_;
  std::size_t in_flight_count_ = 0;
  TimePoint writing_since_;
  std::array<boost::asio::const_buffer, kBuffersMax> gather_;
};

}  // namespace patchbay::net
