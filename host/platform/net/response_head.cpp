#include "platform/net/response_head.hpp"

#include "platform/base/log.hpp"

#include <charconv>

namespace patchbay::net {
namespace {

bool is_token(std::string_view name) {
  if (name.empty()) return false;
  for (const char character : name) {
    const bool letter_or_digit = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
                                 (character >= '0' && character <= '9');
    if (!letter_or_digit && std::string_view("!#$%&'*+-.^_`|~").find(character) == std::string_view::npos) return false;
  }
  return true;
}

bool is_field_value(std::string_view value) {
  for (const char character : value) {
    const auto byte = static_cast<unsigned char>(character);
    if ((byte < 0x20 && byte != '\t') || byte == 0x7F) return false;
  }
  return true;
}

/// Fields that say how the message is framed: only the server knows that.
bool is_framing_field(std::string_view name) {
  for (const std::string_view own : {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date"}) {
    if (name.size() == own.size() && sdk::equals_ignoring_case(name, own)) return true;
  }
  return false;
}

void append_number(std::string& text, std::size_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  text.append(digits, end);
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool status_has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool asks_to_close(const http::Response& response) {
  const auto connection = response.header("Connection");
  return connection && sdk::equals_ignoring_case(*connection, "close");
}

void write_response_head(const http::Response& response, const ResponseFraming& framing, std::string& head) {
  head.assign("HTTP/1.1 ");
  append_number(head, static_cast<std::size_t>(response.status));
  head.append(" ").append(http::reason_phrase(response.status)).append("\r\n");
  bool typed = response.content_type.empty() || response.body.empty() || !is_field_value(response.content_type);
  for (const auto& [name, value] : response.headers) {
    if (is_framing_field(name)) continue;
    if (!is_token(name) || !is_field_value(value)) {
      base::log_warning("net", "a response field was left out: it is not valid HTTP", {{"field", name}});
      continue;
    }
    if (sdk::equals_ignoring_case(name, "Content-Type")) typed = true;
    append_field(head, name, value);
  }
  if (!typed) append_field(head, "Content-Type", response.content_type);
  if (status_has_body(response.status)) {
    head.append("Content-Length: ");
    append_number(head, response.body.size());
    head.append("\r\n");
  }
  if (!framing.date.empty()) append_field(head, "Date", framing.date);
  if (!framing.keep_alive) {
    head.append("Connection: close\r\n");
  } else if (framing.http_1_0) {
    head.append("Connection: keep-alive\r\n");
  }
  head.append("\r\n");
}

}  // namespace patchbay::net
