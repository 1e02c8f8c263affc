#include "engine/gateway/trace_context.hpp"

#include "platform/base/digest.hpp"
#include "platform/base/ids.hpp"

#include <algorithm>
#include <cstring>

namespace patchbay::gateway {
namespace {

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char digit) { return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'); });
}

bool all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::string parse_trace_id(std::string_view traceparent) {
  constexpr std::size_t kLength = 55;  // 2-32-16-2 and three dashes
  if (traceparent.size() < kLength || traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-')
    return {};
  const auto version = traceparent.substr(0, 2);
  const auto trace = traceparent.substr(3, 32);
  const auto span = traceparent.substr(36, 16);
  if (!is_lower_hex(version) || version == "ff" || !is_lower_hex(trace) || !is_lower_hex(span)) return {};
  if (version == "00" && traceparent.size() != kLength) return {};
  if (!is_lower_hex(traceparent.substr(53, 2)) || all_zero(trace) || all_zero(span)) return {};
  return std::string(trace);
}

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '-' || character == '_' || character == '.';
  });
}

SpanIds::SpanIds() : state_(static_cast<std::uint64_t>(base::lock_hash(base::new_uuid()))) {}

std::string SpanIds::next() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::uint64_t mixed = state_.fetch_add(0x9E3779B97F4A7C15ULL, std::memory_order_relaxed);
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
  mixed ^= mixed >> 31;
  if (mixed == 0) mixed = 1;
  std::string text(16, '0');
  for (std::size_t index = 0; index < text.size(); ++index) text[index] = kDigits[mixed >> (60 - 4 * index) & 0x0F];
  return text;
}

}  // namespace patchbay::gateway
