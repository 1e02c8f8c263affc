// Bytes to one http::Request, over Beast's tokenizer, without its message containers.
#pragma once

#include "platform/http/message.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <string_view>

namespace patchbay::net {

/// For one request; a new object for the next. Refuses what intermediaries might read differently (request smuggling).
class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  struct Limits {
    std::size_t header_bytes_max;
    std::uint64_t body_bytes_max;
  };
  struct Failure {
    int status = 400;
    std::string_view code;
    std::string_view message;
  };
  enum class Progress { kNeedMore, kComplete, kFailed };

  explicit RequestParser(const Limits& limits);

  /// Consumes what it can. kNeedMore leaves at most the unfinished header (or chunk header) in the buffer.
  Progress feed(boost::beast::flat_buffer& buffer);
  const Failure& failure() const { return failure_; }
  bool header_complete() const { return is_header_done(); }
  /// Body bytes that are known to be missing still; 0 where that is not known.
  std::uint64_t body_bytes_missing() const;
  /// Once true where the client waits for 100 Continue before it sends the body.
  bool take_expectation() { return is_header_done() && std::exchange(expects_continue_, false); }
  /// The client's wish, by version and Connection.
  bool keeps_alive() const { return keep_alive(); }
  bool is_http_1_0() const { return http_1_0_; }
  /// Upgrade: websocket, asked for in due form (the key and version are checked by the upgrade itself).
  bool asks_for_websocket() const;
  http::Request take_request() { return std::move(request_); }

 private:
  using Verb = boost::beast::http::verb;
  using Field = boost::beast::http::field;
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(Verb verb, View method, View target, int version, ErrorCode& error) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(Field field, View name, View value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& content_length, ErrorCode& error) override;
  std::size_t on_body_impl(View body, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t remain, View body, ErrorCode& error) override;
  void on_finish_impl(ErrorCode&) override {}

  void fail(int status, std::string_view code, std::string_view message, ErrorCode& error);
  void note_failure(const ErrorCode& error, std::string_view unread);
  void check_header(ErrorCode& error);
  bool split_target();

  const std::size_t header_bytes_max_;
  http::Request request_;
  Failure failure_;
  int host_count_ = 0;
  int content_length_count_ = 0;
  int transfer_encoding_count_ = 0;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
  bool expects_other_ = false;
  bool foreign_encoding_ = false;
  bool list_of_lengths_ = false;
  bool upgrades_to_websocket_ = false;
};

}  // namespace patchbay::net
