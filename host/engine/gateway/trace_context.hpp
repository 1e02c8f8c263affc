// The names under which a request is found again: X-Request-Id and W3C traceparent.
#pragma once

#include "platform/http/message.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::gateway {

/// 32 hex digits of a well-formed traceparent ("00-<trace>-<span>-<flags>"), or empty.
std::string parse_trace_id(std::string_view traceparent);
/// Whether a request id from outside may go into logs and answers: 1 to 64 letters, digits, '.', '_', '-'.
bool is_request_id(std::string_view text);

/// Thread-safe. Span ids are unique, not secret.
class SpanIds {
 public:
  SpanIds();
  std::string next();  // 16 hex digits, never all zero

 private:
  std::atomic<std::uint64_t> state_;
};

}  // namespace patchbay::gateway
