// parse_json: Boost.JSON's parser with a handler of our own, because the stock one rounds decimals and passes U+0000
// on.
#include "json_repair.hpp"

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/json.hpp>

#include <boost/json/basic_parser_impl.hpp>

#include <charconv>
#include <cmath>
#include <limits>

namespace patchbay::sdk {
namespace {

constexpr int kExactDigits = std::numeric_limits<double>::digits10;

/// Digits of a number without leading and trailing zeros: those that a double has to hold.
int significant_digits(std::string_view number) {
  int count = 0;
  int zeros = 0;
  for (const char character : number) {
    if (character == 'e' || character == 'E') break;
    if (character < '0' || character > '9') continue;
    if (character == '0') {
      if (count > 0) ++zeros;
      continue;
    }
    count += zeros + 1;
    zeros = 0;
  }
  return count;
}

/// The number as a double, where a double holds every digit of it.
std::optional<double> exact_double(std::string_view number) {
  const int digits = significant_digits(number);
  if (digits > kExactDigits) return std::nullopt;
  double parsed = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), parsed);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (digits > 0 && !std::isnormal(parsed)) return std::nullopt;
  return parsed;
}

/// Builds the value. The names are those that boost::json::basic_parser calls.
class ValueHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  using ErrorCode = json::error_code;
  using View = json::string_view;

  ValueHandler() { stack_.reset(); }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) { return true; }
  bool on_array_begin(ErrorCode&) { return true; }
  bool on_comment_part(View, ErrorCode&) { return true; }
  bool on_comment(View, ErrorCode&) { return true; }
  bool on_object_end(std::size_t count, ErrorCode&) {
    stack_.push_object(count);
    return true;
  }
  bool on_array_end(std::size_t count, ErrorCode&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(View text, std::size_t, ErrorCode&) {
    push_clean(text);
    return true;
  }
  bool on_key(View text, std::size_t, ErrorCode&) {
    stack_.push_key(clean_tail(text));
    return true;
  }
  bool on_string_part(View text, std::size_t, ErrorCode&) {
    push_clean(text);
    return true;
  }
  bool on_string(View text, std::size_t, ErrorCode&) {
    stack_.push_string(clean_tail(text));
    return true;
  }
  // Parts of a number come only from parsers that are fed in pieces.
  bool on_number_part(View, ErrorCode&) { return true; }
  bool on_int64(std::int64_t number, View, ErrorCode&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, View, ErrorCode&) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double, View text, ErrorCode&) {
    if (const auto number = exact_double(text)) {
      stack_.push_double(*number);
    } else {
      ++repairs_.oversized_numbers;
      stack_.push_string(text);
    }
    return true;
  }
  bool on_bool(bool flag, ErrorCode&) {
    stack_.push_bool(flag);
    return true;
  }
  bool on_null(ErrorCode&) {
    stack_.push_null();
    return true;
  }

  json::value release() { return stack_.release(); }
  const JsonRepairs& repairs() const { return repairs_; }

 private:
  /// Pushes everything up to the last U+0000 with each replaced; returns what is left.
  View clean_tail(View text) {
    for (auto nul = text.find('\0'); nul != View::npos; nul = text.find('\0')) {
      stack_.push_chars(text.substr(0, nul));
      stack_.push_chars(detail::kReplacementCharacter);
      ++repairs_.nul_characters;
      text.remove_prefix(nul + 1);
    }
    return text;
  }
  void push_clean(View text) { stack_.push_chars(clean_tail(text)); }

  json::value_stack stack_;
  JsonRepairs repairs_;
};

json::error_code parse_once(std::string_view text, const JsonLimits& limits, json::value& value, JsonRepairs& repairs) {
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<ValueHandler> parser(options);
  json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (error) return error;
  value = parser.handler().release();
  repairs.nul_characters += parser.handler().repairs().nul_characters;
  repairs.oversized_numbers += parser.handler().repairs().oversized_numbers;
  return error;
}

Error parse_error(const json::error_code& code, std::string_view text, const JsonLimits& limits) {
  if (code == json::error::too_deep) {
    return invalid_error("json.depth",
                         "The JSON is nested more than " + std::to_string(limits.depth_max) + " levels deep.");
  }
  if (!is_utf8(text)) return invalid_error("json.encoding", "The JSON is not valid UTF-8.");
  return invalid_error("json.syntax", "The JSON cannot be read: " + code.message() + ".");
}

}  // namespace

Result<json::value> parse_json(std::string_view text, const JsonLimits& limits, JsonRepairs* repairs) {
  if (text.size() > limits.bytes_max) {
    return invalid_error("json.too_large", "The JSON is larger than " + std::to_string(limits.bytes_max) + " bytes.");
  }
  JsonRepairs done;
  json::value value;
  json::error_code error = parse_once(text, limits, value, done);
  if (error) {
    const auto repaired = detail::repair_json(text, done);
    if (!repaired) return parse_error(error, text, limits);
    error = parse_once(*repaired, limits, value, done);
    if (error) return parse_error(error, text, limits);
  }
  if (repairs != nullptr) *repairs = done;
  return value;
}

}  // namespace patchbay::sdk
