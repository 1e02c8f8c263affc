// One HTTP/1.1 connection: reads a request, hands it to the sink, writes the answer, and so on.
#pragma once

#include "platform/net/byte_stream.hpp"
#include "platform/net/request_parser.hpp"
#include "platform/net/server_context.hpp"

#include <array>
#include <optional>

namespace patchbay::net {

/// At most one request is under way; what a pipelining client sent after it waits in the buffer and in the kernel.
class HttpSession final : public Connection, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(std::shared_ptr<ServerContext> server, IoLoop& loop, std::shared_ptr<ByteStream> stream);

  /// Joins the loop and begins to read. `overloaded`: the first request is answered with 503 and the connection closed.
  void start(bool overloaded);

  void on_tick(TimePoint now) override;
  void drain() override;
  void abort() override { close(); }

 private:
  enum class State { kHandshaking, kIdle, kReading, kHandling, kWriting, kLingering, kClosed };

  void read();
  void on_read(Completion::ErrorCode error, std::size_t count);
  void process();
  void need_more();
  void send_continue();
  void dispatch();
  void hand_over(http::Request request);
  void upgrade(http::Request request);
  void respond(http::Response response);
  void write(http::Response response);
  void on_written(Completion::ErrorCode error);
  void refuse(const RequestParser::Failure& failure);
  void await_next_request();
  void linger();
  void close();
  void set_deadline(std::chrono::milliseconds time) { deadline_ = std::chrono::steady_clock::now() + time; }

  const std::shared_ptr<ServerContext> server_;
  IoLoop& loop_;
  const ConnectionTicket ticket_;
  std::shared_ptr<ByteStream> stream_;
  std::string peer_address_;
  State state_ = State::kIdle;
  TimePoint deadline_;
  TimePoint writing_since_;
  boost::beast::flat_buffer buffer_;
  std::optional<RequestParser> parser_;
  http::Response response_;
  std::string head_;
  std::array<boost::asio::const_buffer, 2> gather_;
  std::optional<http::Response> answered_inline_;
  bool inside_sink_ = false;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool http_1_0_ = false;
  bool overloaded_ = false;
  bool timed_out_ = false;
};

}  // namespace patchbay::net
