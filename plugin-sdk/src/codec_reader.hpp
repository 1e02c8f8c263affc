// Reads the members of one JSON object into a struct and keeps the first thing that was wrong.
#pragma once

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/records.hpp>

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace patchbay::sdk::detail {

inline std::int64_t to_milliseconds(SystemTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// All readers leave the target as it is where an optional member is missing or null.
class CodecReader {
 public:
  CodecReader(const json::value& value, std::string type) : object_(value.if_object()), type_(std::move(type)) {
    if (object_ == nullptr) fail("", "must be an object");
  }

  enum class Need { kOptional, kRequired };

  void text(std::string_view name, std::string& target, Need need = Need::kOptional);
  void flag(std::string_view name, bool& target);
  void number(std::string_view name, double& target);
  void texts(std::string_view name, std::vector<std::string>& target);
  void text_map(std::string_view name, std::map<std::string, std::string>& target);
  void object(std::string_view name, json::object& target);
  void value(std::string_view name, json::value& target);
  void headers(std::string_view name, Headers& target);
  /// Bytes as base64.
  void bytes(std::string_view name, std::string& target);
  void time(std::string_view name, SystemTime& target);
  void time(std::string_view name, std::optional<SystemTime>& target);

  template <typename Integer>
  void integer(std::string_view name, Integer& target, Need need = Need::kOptional) {
    const json::value* found = member(name, need);
    if (found == nullptr) return;
    json::error_code error;
    const auto read = found->to_number<Integer>(error);
    if (error || found->is_double()) return fail(name, "must be a whole number in range");
    target = read;
  }

  template <typename Duration>
  void duration(std::string_view name, Duration& target, Need need = Need::kOptional) {
    std::int64_t count = target.count();
    integer(name, count, need);
    target = Duration(count);
  }

  /// A word out of a list; `names` are in the order of the enumeration's values from 0.
  template <typename Enumeration, std::size_t kCount>
  void word(std::string_view name, Enumeration& target, const std::string_view (&names)[kCount]) {
    std::string read;
    text(name, read);
    if (read.empty()) return;
    for (std::size_t index = 0; index < kCount; ++index) {
      if (names[index] == read) {
        target = static_cast<Enumeration>(index);
        return;
      }
    }
    fail(name, "has an unknown value");
  }

  /// A nested value, read by its own decoder.
  template <typename Type>
  void nested(std::string_view name, Type& target, Result<Type> (*decode)(const json::value&),
              Need need = Need::kOptional) {
    const json::value* found = member(name, need);
    if (found != nullptr) take(name, decode(*found), target);
  }
  template <typename Type>
  void nested(std::string_view name, std::optional<Type>& target, Result<Type> (*decode)(const json::value&)) {
    const json::value* found = member(name, Need::kOptional);
    if (found != nullptr) take(name, decode(*found), target.emplace());
  }
  template <typename Type>
  void list(std::string_view name, std::vector<Type>& target, Result<Type> (*decode)(const json::value&)) {
    const json::array* found = array(name);
    if (found == nullptr) return;
    target.clear();
    target.reserve(found->size());
    for (const json::value& element : *found) {
      const std::string place = std::string(name) + "[" + std::to_string(target.size()) + "]";
      take(place, decode(element), target.emplace_back());
      if (error_) return;
    }
  }

  template <typename Type>
  Result<Type> finish(Type value) {
    if (error_) return std::move(*error_);
    return value;
  }

 private:
  const json::value* member(std::string_view name, Need need);
  const json::array* array(std::string_view name);
  void fail(std::string_view name, std::string_view what);

  template <typename Type>
  void take(std::string_view name, Result<Type> result, Type& target) {
    if (result.ok()) {
      target = std::move(result).value();
    } else if (!error_) {
      error_ = std::move(result).error();
      error_->field = std::string(name) + (error_->field ? "." + *error_->field : "");
    }
  }

  const json::object* object_;
  std::string type_;
  std::optional<Error> error_;
};

/// "a", "b" → ["a","b"].
json::array encode_texts(const std::vector<std::string>& texts);
json::object encode_text_map(const std::map<std::string, std::string>& texts);

template <typename Type>
json::array encode_list(const std::vector<Type>& list, json::value (*encode_one)(const Type&)) {
  json::array encoded;
  encoded.reserve(list.size());
  for (const Type& element : list) encoded.push_back(encode_one(element));
  return encoded;
}

}  // namespace patchbay::sdk::detail
