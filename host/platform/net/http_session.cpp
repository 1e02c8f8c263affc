#include "platform/net/http_session.hpp"

#include "platform/base/ids.hpp"
#include "platform/base/log.hpp"
#include "platform/http/problem.hpp"
#include "platform/net/forwarding.hpp"
#include "platform/net/response_head.hpp"
#include "platform/net/websocket_session.hpp"

namespace patchbay::net {
namespace asio = boost::asio;
using ErrorCode = Completion::ErrorCode;

namespace {

constexpr std::chrono::milliseconds kHandshakeTimeMax{10'000};
constexpr std::chrono::milliseconds kLingerTime{2'000};
constexpr std::size_t kReadBytes = 4 * 1024;
constexpr std::size_t kBodyReadBytesMax = 64 * 1024;
constexpr std::size_t kKeptBufferBytesMax = 64 * 1024;
/// A large answer may take longer than write_timeout while it goes on, but not for ever: this pace is the slowest.
constexpr std::size_t kSlowestBytesPerMillisecond = 64;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpSession::HttpSession(std::shared_ptr<ServerContext> server, IoLoop& loop, std::shared_ptr<ByteStream> stream)
    : server_(std::move(server)), loop_(loop), ticket_(server_), stream_(std::move(stream)) {}

void HttpSession::start(bool overloaded) {
  overloaded_ = overloaded;
  peer_address_ = stream_->remote_address();
  if (server_->draining) return stream_->close();  // accepted just before the listener closed
  loop_.add(shared_from_this());
  if (!stream_->secure()) {
    set_deadline(server_->settings.read_timeout);
    return read();
  }
  state_ = State::kHandshaking;
  set_deadline(std::min(server_->settings.read_timeout, kHandshakeTimeMax));
  stream_->handshake([self = shared_from_this()](ErrorCode error, std::size_t) {
    if (self->state_ != State::kHandshaking) return;
    if (error) return self->close();
    self->state_ = State::kIdle;
    self->set_deadline(self->server_->settings.read_timeout);
    self->read();
  });
}

void HttpSession::read() {
  const auto missing_count = parser_ ? parser_->body_bytes_missing() : 0;
  const auto wanted_count = std::clamp<std::uint64_t>(missing_count, kReadBytes, kBodyReadBytesMax);
  stream_->read_some(buffer_.prepare(static_cast<std::size_t>(wanted_count)),
                     [self = shared_from_this()](ErrorCode error, std::size_t count) { self->on_read(error, count); });
}

void HttpSession::on_read(ErrorCode error, std::size_t count) {
  if (state_ == State::kClosed) return;
  if (timed_out_ && state_ == State::kReading) {
    return refuse({408, "http.request_timeout", "The request did not arrive in time."});
  }
  if (error) return close();
  buffer_.commit(count);
  process();
}

void HttpSession::process() {
  if (!parser_) {
    parser_.emplace(RequestParser::Limits{server_->settings.header_bytes_max, server_->settings.body_bytes_max});
    state_ = State::kReading;
    set_deadline(server_->settings.read_timeout);
  }
  switch (parser_->feed(buffer_)) {
    case RequestParser::Progress::kNeedMore:
      return need_more();
    case RequestParser::Progress::kFailed:
      return refuse(parser_->failure());
    case RequestParser::Progress::kComplete:
      return dispatch();
  }
}

void HttpSession::need_more() {
  if (parser_->header_complete() && overloaded_) return dispatch();
  if (parser_->take_expectation() && buffer_.size() == 0) return send_continue();
  read();
}

void HttpSession::send_continue() {
  gather_[0] = asio::buffer(kContinue);
  stream_->write(std::span(gather_).first(1), [self = shared_from_this()](ErrorCode error, std::size_t) {
    if (self->state_ == State::kClosed) return;
    if (error || self->timed_out_) return self->close();
    self->read();
  });
}

void HttpSession::dispatch() {
  keep_alive_ = parser_->keeps_alive();
  http_1_0_ = parser_->is_http_1_0();
  const bool wants_websocket = parser_->asks_for_websocket();
  http::Request request = parser_->take_request();
  parser_.reset();
  head_only_ = request.method == "HEAD";
  state_ = State::kHandling;
  if (overloaded_) {
    return refuse({503, "http.too_many_connections", "The server has as many connections as it can serve."});
  }
  request.remote_address = peer_address_;
  request.secure = stream_->secure();
  request.io_thread = loop_.index();
  apply_forwarding(server_->settings.trusted_proxies, request);
  if (wants_websocket && server_->sockets != nullptr &&
      std::string_view(request.path).ends_with(server_->settings.websocket_path_suffix)) {
    return upgrade(std::move(request));
  }
  hand_over(std::move(request));
}

void HttpSession::hand_over(http::Request request) {
  inside_sink_ = true;
  try {
    server_->requests.handle(std::move(request), http::Responder([loop = loop_.shared_from_this(),
                                                                  weak = weak_from_this()](http::Response response) {
                               if (loop->on_this_thread()) {
                                 if (const auto self = weak.lock()) self->respond(std::move(response));
                                 return;
                               }
                               loop->post([weak, response = std::move(response)]() mutable {
                                 if (const auto self = weak.lock()) self->respond(std::move(response));
                               });
                             }));
  } catch (const std::exception& exception) {
    // The responder went with the stack and has answered 500.
    base::log_error("net", "the request sink threw", {{"what", exception.what()}});
  } catch (...) {
    base::log_error("net", "the request sink threw");
  }
  inside_sink_ = false;
  if (!answered_inline_) return;
  http::Response response = std::move(*answered_inline_);
  answered_inline_.reset();
  write(std::move(response));
}

void HttpSession::upgrade(http::Request request) {
  if (const auto problem = check_websocket_upgrade(request)) {
    http::Response response = http::problem_response(problem->status, problem->code, problem->message);
    response.set_header("Sec-WebSocket-Version", "13");
    return respond(std::move(response));
  }
  std::string subprotocol;
  std::optional<http::Response> refusal;
  try {
    refusal = server_->sockets->accept(request, subprotocol);
  } catch (const std::exception& exception) {
    base::log_error("net", "the WebSocket sink threw", {{"what", exception.what()}});
    refusal = http::problem_response(500, "http.not_answered", "The request was not answered.");
  }
  if (refusal) return respond(std::move(*refusal));
  const auto rest = buffer_.data();
  std::string unread(static_cast<const char*>(rest.data()), rest.size());
  state_ = State::kClosed;
  const auto self = shared_from_this();
  loop_.remove(*this);
  start_websocket(server_, loop_, std::move(stream_), std::move(unread), std::move(request), std::move(subprotocol));
}

void HttpSession::respond(http::Response response) {
  if (state_ != State::kHandling) return;
  if (inside_sink_) {
    // Written when the sink has returned, so that a chain of pipelined requests does not grow the stack.
    answered_inline_ = std::move(response);
    return;
  }
  write(std::move(response));
}

void HttpSession::write(http::Response response) {
  if (response.abort_connection) {
    stream_->reset_on_close();
    return close();
  }
  state_ = State::kWriting;
  keep_alive_ = keep_alive_ && !asks_to_close(response) && !server_->draining.load(std::memory_order_relaxed);
  response_ = std::move(response);
  write_response_head(response_, {keep_alive_, http_1_0_, loop_.date()}, head_);
  gather_[0] = asio::buffer(head_);
  std::size_t part_count = 1;
  if (!head_only_ && status_has_body(response_.status) && !response_.body.empty()) {
    gather_[1] = asio::buffer(response_.body);
    part_count = 2;
  }
  const std::chrono::milliseconds extra(response_.body.size() / kSlowestBytesPerMillisecond);
  writing_since_ = std::chrono::steady_clock::now();
  deadline_ = writing_since_ + server_->settings.write_timeout + extra;
  stream_->write(std::span(gather_).first(part_count),
                 [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_written(error); });
}

void HttpSession::on_written(ErrorCode error) {
  if (state_ == State::kClosed) return;
  if (error) return close();
  response_ = {};
  if (!keep_alive_ || server_->draining.load(std::memory_order_relaxed)) return linger();
  await_next_request();
}

void HttpSession::await_next_request() {
  if (buffer_.size() > 0) return process();
  // A kept connection that once brought a large body does not keep the memory for it.
  if (buffer_.capacity() > kKeptBufferBytesMax) buffer_.shrink_to_fit();
  state_ = State::kIdle;
  set_deadline(server_->settings.idle_timeout);
  read();
}

void HttpSession::refuse(const RequestParser::Failure& failure) {
  keep_alive_ = false;
  state_ = State::kHandling;
  // The gateway, which names requests otherwise, never sees this one.
  write(http::problem_response(failure.status, failure.code, failure.message, base::new_uuid()));
}

void HttpSession::linger() {
  state_ = State::kLingering;
  set_deadline(kLingerTime);
  stream_->linger([self = shared_from_this()](ErrorCode, std::size_t) { self->close(); });
}

void HttpSession::on_tick(TimePoint now) {
  if (state_ == State::kHandling || state_ == State::kClosed || timed_out_) return;
  if (state_ == State::kWriting) {
    const TimePoint progressed_at = std::max(writing_since_, stream_->write_progressed_at());
    if (now >= progressed_at + server_->settings.write_timeout) return close();
  }
  if (now < deadline_) return;
  if (state_ != State::kReading) return close();
  timed_out_ = true;
  stream_->cancel();
}

void HttpSession::drain() {
  if (state_ == State::kHandshaking || state_ == State::kIdle) close();
}

void HttpSession::close() {
  if (std::exchange(state_, State::kClosed) == State::kClosed) return;
  stream_->close();
  loop_.remove(*this);
}

}  // namespace patchbay::net
