#include "platform/net/websocket_session.hpp"

#include "platform/base/log.hpp"
#include "platform/net/frame_writer.hpp"

#include <boost/asio/buffers_iterator.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace patchbay::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using ErrorCode = Completion::ErrorCode;

namespace {

constexpr std::chrono::milliseconds kHandshakeTimeMax{10'000};
constexpr std::chrono::milliseconds kCloseTimeMax{5'000};
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::size_t kKeptBufferBytesMax = 16 * 1024;
constexpr std::size_t kCloseReasonBytesMax = 123;
constexpr int kGoingAway = 1001;
constexpr int kUnsupportedMessage = 1003;
constexpr int kSlowReader = 4408;
constexpr char kCloseFrame = static_cast<char>(0x88);

/// What Beast takes for its stream: reads come from the byte stream, writes go through the session's queue.
class FrameStream {
 public:
  /// Both are called on the loop's thread and complete in a later turn.
  class Transport {
   public:
    virtual ~Transport() = default;
    virtual void read_some(asio::mutable_buffer buffer, Completion done) = 0;
    virtual void write_all(std::string bytes, Completion done) = 0;
    virtual void cut() = 0;
  };
  using executor_type = Executor;

  FrameStream(Transport& transport, Executor executor) : transport_(transport), executor_(executor) {}
  executor_type get_executor() const noexcept { return executor_; }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    asio::mutable_buffer target;
    for (auto part = asio::buffer_sequence_begin(buffers); part != asio::buffer_sequence_end(buffers); ++part) {
      target = *part;
      if (target.size() > 0) break;
    }
    transport_.read_some(target, Completion(std::forward<Handler>(handler)));
  }

  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    // Control frames and the handshake only: texts do not come this way. So a copy costs nothing worth saving.
    std::string bytes(asio::buffer_size(buffers), '\0');
    asio::buffer_copy(asio::buffer(bytes), buffers);
    transport_.write_all(std::move(bytes), Completion(std::forward<Handler>(handler)));
  }

  friend void beast_close_socket(FrameStream& stream) { stream.transport_.cut(); }

  template <typename Handler>
  friend void async_teardown(beast::role_type, FrameStream& stream, Handler&& handler) {
    // The session itself closes the connection when its read has ended.
    asio::post(stream.executor_, [done = std::forward<Handler>(handler)]() mutable { done(ErrorCode{}); });
  }

 private:
  Transport& transport_;
  Executor executor_;
};

class WebSocketSession final : public Connection,
                               public WebSocketOutput,
                               public std::enable_shared_from_this<WebSocketSession>,
                               private FrameStream::Transport,
                               private FrameWriter::OnSent {
 public:
  WebSocketSession(std::shared_ptr<ServerContext> server, IoLoop& loop, std::shared_ptr<ByteStream> stream,
                   std::string unread);

  void start(http::Request upgrade, std::string subprotocol);

  void on_tick(TimePoint now) override;
  void drain() override { begin_close({kGoingAway, "server stopping"}); }
  void abort() override { close(); }
  void take_output() override;

 private:
  enum class State { kHandshaking, kOpen, kClosing, kLingering, kClosed };

  void read_some(asio::mutable_buffer buffer, Completion done) override;
  void write_all(std::string bytes, Completion done) override;
  void cut() override { close(); }
  void on_sent(ErrorCode error, std::size_t text_bytes) override;

  void configure(const std::string& subprotocol);
  void opened(const http::Request& upgrade);
  void read();
  void on_read(ErrorCode error);
  void begin_close(CloseRequest request);
  void finish();
  void close();
  template <typename Call>
  void tell_sink(Call call);
  std::shared_ptr<void> owner() { return shared_from_this(); }

  const std::shared_ptr<ServerContext> server_;
  IoLoop& loop_;
  const ConnectionTicket ticket_;
  const std::shared_ptr<ByteStream> stream_;
  const std::shared_ptr<WebSocketPort> port_;
  std::string unread_;
  FrameWriter writer_;
  websocket::stream<FrameStream, false> socket_;
  beast::flat_buffer message_;
  std::vector<WebSocketPort::Text> taken_;
  State state_ = State::kHandshaking;
  TimePoint deadline_;
  bool told_sink_ = false;
  bool close_frame_queued_ = false;
};

WebSocketSession::WebSocketSession(std::shared_ptr<ServerContext> server, IoLoop& loop,
                                   std::shared_ptr<ByteStream> stream, std::string unread)
    : server_(std::move(server)),
      loop_(loop),
      ticket_(server_),
      stream_(std::move(stream)),
      port_(std::make_shared<WebSocketPort>(server_->next_socket_id++, server_->settings.websocket_queue_bytes_max,
                                            loop.shared_from_this())),
      unread_(std::move(unread)),
      writer_(stream_),
      socket_(static_cast<FrameStream::Transport&>(*this), loop.executor()) {}

void WebSocketSession::start(http::Request upgrade, std::string subprotocol) {
  loop_.add(shared_from_this());
  port_->attach(weak_from_this());
  deadline_ = std::chrono::steady_clock::now() + kHandshakeTimeMax;
  configure(subprotocol);
  beast::http::request<beast::http::empty_body> message(beast::http::verb::get, upgrade.target, 11);
  for (const auto& [name, value] : upgrade.headers) message.insert(name, value);
  socket_.async_accept(message, [self = shared_from_this(), upgrade = std::move(upgrade)](ErrorCode error) {
    if (self->state_ != State::kHandshaking) return;
    if (error) return self->close();
    self->opened(upgrade);
  });
}

void WebSocketSession::configure(const std::string& subprotocol) {
  websocket::stream_base::timeout limits;
  limits.handshake_timeout = kHandshakeTimeMax;
  limits.idle_timeout = server_->settings.websocket_idle_timeout;
  limits.keep_alive_pings = true;
  socket_.set_option(limits);
  socket_.read_message_max(server_->settings.websocket_message_bytes_max);
  if (subprotocol.empty()) return;
  socket_.set_option(websocket::stream_base::decorator([subprotocol](websocket::response_type& response) {
    response.set(beast::http::field::sec_websocket_protocol, subprotocol);
  }));
}

void WebSocketSession::opened(const http::Request& upgrade) {
  state_ = State::kOpen;
  told_sink_ = true;
  server_->websockets_open.add(1);
  tell_sink([&](http::WebSocketSink& sink) { sink.opened(port_, upgrade); });
  if (server_->draining) return drain();
  read();
}

template <typename Call>
void WebSocketSession::tell_sink(Call call) {
  try {
    call(*server_->sockets);
  } catch (const std::exception& exception) {
    base::log_error("net", "the WebSocket sink threw", {{"what", exception.what()}});
  }
}

void WebSocketSession::read() {
  socket_.async_read(message_, [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_read(error); });
}

void WebSocketSession::on_read(ErrorCode error) {
  if (state_ == State::kClosed || state_ == State::kLingering) return;
  if (error) return finish();
  if (state_ == State::kOpen && !socket_.got_text()) begin_close({kUnsupportedMessage, "text only"});
  if (state_ == State::kOpen) {
    std::string text(static_cast<const char*>(message_.data().data()), message_.size());
    tell_sink([&](http::WebSocketSink& sink) { sink.received(port_, std::move(text)); });
  }
  message_.consume(message_.size());
  if (message_.capacity() > kKeptBufferBytesMax) message_.shrink_to_fit();
  read();
}

void WebSocketSession::read_some(asio::mutable_buffer buffer, Completion done) {
  if (unread_.empty()) return stream_->read_some(buffer, std::move(done));
  const std::size_t count = asio::buffer_copy(buffer, asio::buffer(unread_));
  unread_.erase(0, count);
  loop_.post([done = std::move(done), count]() mutable { done(ErrorCode{}, count); });
}

void WebSocketSession::write_all(std::string bytes, Completion done) {
  // After a close frame nothing may follow; what waits before it still leaves.
  if (!bytes.empty() && bytes.front() == kCloseFrame) {
    close_frame_queued_ = true;
    port_->shut();
  }
  writer_.push_bytes(std::move(bytes), std::move(done));
  if (state_ == State::kClosed) return writer_.abort();
  writer_.pump(owner(), *this);
}

void WebSocketSession::take_output() {
  auto close_request = port_->take(taken_);
  std::size_t dropped_bytes = 0;
  for (auto& text : taken_) {
    if (state_ == State::kOpen && !close_frame_queued_) {
      writer_.push_text(std::move(text));
    } else {
      dropped_bytes += text->size();
    }
  }
  taken_.clear();
  if (dropped_bytes > 0) port_->release(dropped_bytes);
  if (close_request) {
    begin_close(std::move(*close_request));
  } else if (state_ == State::kOpen) {
    writer_.pump(owner(), *this);
  }
}

void WebSocketSession::on_sent(ErrorCode error, std::size_t text_bytes) {
  if (text_bytes > 0) port_->release(text_bytes);
  if (state_ == State::kClosed) return;
  if (error) return close();
  writer_.pump(owner(), *this);
}

void WebSocketSession::begin_close(CloseRequest request) {
  if (state_ == State::kHandshaking) return close();
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  port_->shut();
  deadline_ = std::chrono::steady_clock::now() + kCloseTimeMax;
  if (request.code == kSlowReader) {
    // The reader could not keep up: what waits is not for it any more, the reason is.
    server_->slow_readers_cut.add();
    port_->release(writer_.drop_texts());
  }
  request.reason.resize(std::min(request.reason.size(), kCloseReasonBytesMax));
  const websocket::close_reason reason(static_cast<websocket::close_code>(request.code), request.reason);
  socket_.async_close(reason, [self = shared_from_this()](ErrorCode) { self->finish(); });
}

void WebSocketSession::finish() {
  if (state_ == State::kClosed || state_ == State::kLingering) return;
  port_->shut();
  if (writer_.writing()) return close();
  state_ = State::kLingering;
  deadline_ = std::chrono::steady_clock::now() + kLingerTime;
  stream_->linger([self = shared_from_this()](ErrorCode, std::size_t) { self->close(); });
}

void WebSocketSession::on_tick(TimePoint now) {
  if (state_ != State::kOpen) {
    if (state_ != State::kClosed && now >= deadline_) close();
    return;
  }
  const TimePoint progressed_at = std::max(writer_.writing_since(), stream_->write_progressed_at());
  if (!writer_.writing() || now < progressed_at + server_->settings.write_timeout) return;
  server_->slow_readers_cut.add();
  close();
}

void WebSocketSession::close() {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  const auto self = shared_from_this();
  port_->shut();
  stream_->close();
  writer_.abort();
  loop_.remove(*this);
  if (!told_sink_) return;
  server_->websockets_open.add(-1);
  tell_sink([&](http::WebSocketSink& sink) { sink.closed(port_->id()); });
}

bool is_websocket_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  return key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == 22;
}

}  // namespace

std::optional<RequestParser::Failure> check_websocket_upgrade(const http::Request& request) {
  if (request.header("Sec-WebSocket-Version") != "13") {
    return RequestParser::Failure{426, "http.websocket_version", "This server speaks WebSocket version 13."};
  }
  if (!is_websocket_key(request.header("Sec-WebSocket-Key").value_or(""))) {
    return RequestParser::Failure{400, "http.websocket_key", "The WebSocket key is not valid."};
  }
  return std::nullopt;
}

void start_websocket(std::shared_ptr<ServerContext> server, IoLoop& loop, std::shared_ptr<ByteStream> stream,
                     std::string unread, http::Request upgrade, std::string subprotocol) {
  std::make_shared<WebSocketSession>(std::move(server), loop, std::move(stream), std::move(unread))
      ->start(std::move(upgrade), std::move(subprotocol));
}

}  // namespace patchbay::net
