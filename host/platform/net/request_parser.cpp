#include "platform/net/request_parser.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include <cstring>

namespace patchbay::net {
namespace beast_http = boost::beast::http;

namespace {

constexpr std::size_t kReservedBodyBytesMax = 256 * 1024;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool list_contains(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (sdk::equals_ignoring_case(trimmed(list.substr(0, comma)), token)) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

bool starts_like_a_version(std::string_view line_and_more) {
  const std::string_view line = line_and_more.substr(0, line_and_more.find("\r\n"));
  const auto at = line.rfind(" HTTP/");
  if (at == std::string_view::npos) return false;
  const std::string_view version = line.substr(at + 6);
  return version.size() == 3 && version[1] == '.' && version[0] >= '0' && version[0] <= '9' && version[2] >= '0' &&
         version[2] <= '9';
}

}  // namespace

RequestParser::RequestParser(const Limits& limits) : header_bytes_max_(limits.header_bytes_max) {
  eager(true);
  header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
  body_limit(limits.body_bytes_max);
}

RequestParser::Progress RequestParser::feed(boost::beast::flat_buffer& buffer) {
  // An empty line before a request is left over from a sloppy client's last body (RFC 9112, 2.2).
  while (!got_some() && buffer.size() >= 2 && std::memcmp(buffer.data().data(), "\r\n", 2) == 0) buffer.consume(2);
  while (!is_done()) {
    if (buffer.size() == 0) return Progress::kNeedMore;
    const std::string_view unread(static_cast<const char*>(buffer.data().data()), buffer.size());
    ErrorCode error;
    const std::size_t used_count = put(buffer.data(), error);
    if (error && error != beast_http::error::need_more) {
      note_failure(error, unread);
      return Progress::kFailed;
    }
    buffer.consume(used_count);
    if (error != beast_http::error::need_more) continue;
    if (buffer.size() < header_bytes_max_) return Progress::kNeedMore;
    // Only the header, a chunk's size line or the trailer may wait in the buffer unread, and none of them is that long.
    note_failure(is_header_done() ? beast_http::error::bad_chunk_extension : beast_http::error::header_limit, {});
    return Progress::kFailed;
  }
  return Progress::kComplete;
}

void RequestParser::note_failure(const ErrorCode& error, std::string_view unread) {
  if (failure_.status != 400 || !failure_.code.empty()) return;  // one of our own checks has said it already
  if (error == beast_http::error::header_limit || error == beast_http::error::buffer_overflow) {
    failure_ = {431, "http.header_too_large", "The header fields are larger than this server accepts."};
  } else if (error == beast_http::error::body_limit) {
    failure_ = {413, "http.body_too_large", "The body is larger than this server accepts."};
  } else if (error == beast_http::error::bad_version && starts_like_a_version(unread)) {
    failure_ = {505, "http.version_not_supported", "This server speaks HTTP/1.1 and HTTP/1.0."};
  } else {
    failure_ = {400, "http.malformed", "The request is not well-formed HTTP."};
  }
}

void RequestParser::fail(int status, std::string_view code, std::string_view message, ErrorCode& error) {
  failure_ = {status, code, message};
  error = beast_http::error::bad_value;
}

void RequestParser::on_request_impl(Verb verb, View method, View target, int version, ErrorCode& error) {
  switch (verb) {
    case Verb::get:
    case Verb::head:
    case Verb::post:
    case Verb::put:
    case Verb::patch:
    case Verb::delete_:
    case Verb::options:
      break;
    default:
      return fail(501, "http.method_not_implemented", "This server does not know the request's method.", error);
  }
  request_.method = view(method);
  request_.target = view(target);
  http_1_0_ = version == 10;
  if (!split_target()) fail(400, "http.bad_target", "The request's target cannot be decoded.", error);
}

bool RequestParser::split_target() {
  std::string_view target = request_.target;
  if (target == "*" && request_.method == "OPTIONS") {
    request_.path = "*";
    return true;
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto slash = target.find_first_of("/?", scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
    break;
  }
  if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return false;
  const auto question = target.find('?');
  auto path = http::url_decode(target.substr(0, question), false);
  if (!path) return false;
  request_.path = std::move(*path);
  if (question == std::string_view::npos) return true;
  request_.raw_query = target.substr(question + 1);
  auto query = http::parse_query(request_.raw_query);
  if (!query) return false;
  request_.query = std::move(*query);
  return true;
}

void RequestParser::on_field_impl(Field field, View name, View value, ErrorCode&) {
  // Fields of a trailer come here too, after the header; nothing in this house reads them.
  if (is_header_done()) return;
  const std::string_view text = view(value);
  switch (field) {
    case Field::host:
      ++host_count_;
      break;
    case Field::content_length:
      ++content_length_count_;
      list_of_lengths_ = list_of_lengths_ || text.find(',') != std::string_view::npos;
      break;
    case Field::transfer_encoding:
      ++transfer_encoding_count_;
      foreign_encoding_ = foreign_encoding_ || !sdk::equals_ignoring_case(trimmed(text), "chunked");
      break;
    case Field::expect:
      (sdk::equals_ignoring_case(trimmed(text), "100-continue") ? expects_continue_ : expects_other_) = true;
      break;
    case Field::upgrade:
      upgrades_to_websocket_ = upgrades_to_websocket_ || list_contains(text, "websocket");
      break;
    default:
      break;
  }
  request_.headers.emplace_back(view(name), text);
}

void RequestParser::on_header_impl(ErrorCode& error) {
  check_header(error);
}

void RequestParser::check_header(ErrorCode& error) {
  if (host_count_ > 1 || (host_count_ == 0 && !http_1_0_)) {
    return fail(400, "http.bad_host", "A request names its host exactly once.", error);
  }
  if (content_length_count_ > 1 || list_of_lengths_ || (content_length_count_ > 0 && transfer_encoding_count_ > 0)) {
    return fail(400, "http.ambiguous_length", "The request states the length of its body more than once.", error);
  }
  if (transfer_encoding_count_ > 0 && (transfer_encoding_count_ > 1 || http_1_0_)) {
    return fail(400, "http.bad_transfer_encoding", "The request's Transfer-Encoding is not valid here.", error);
  }
  if (foreign_encoding_) {
    return fail(501, "http.transfer_encoding_unknown", "The only Transfer-Encoding understood is chunked.", error);
  }
  if (expects_other_) return fail(417, "http.expectation_failed", "The only Expect understood is 100-continue.", error);
  if (http_1_0_) expects_continue_ = false;
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& content_length, ErrorCode&) {
  if (content_length) {
    request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*content_length, kReservedBodyBytesMax)));
  }
}

std::size_t RequestParser::on_body_impl(View body, ErrorCode&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View body, ErrorCode&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

std::uint64_t RequestParser::body_bytes_missing() const {
  if (!is_header_done()) return 0;
  return content_length_remaining().value_or(0);
}

bool RequestParser::asks_for_websocket() const {
  return upgrade() && upgrades_to_websocket_ && request_.method == "GET";
}

}  // namespace patchbay::net
