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

enum class Need { kOptional, kRequired };
using TextMap = std::map<std::string, std::string>;
using TextPair = std::pair<std::string, std::string>;

template <typename Type>
constexpr bool is_plain = std::is_arithmetic_v<Type> || std::is_same_v<Type, std::string> ||
                          std::is_same_v<Type, json::value> || std::is_same_v<Type, json::object>;
template <typename Type>
constexpr bool is_pair = std::is_same_v<Type, TextPair>;
template <typename Type>
constexpr bool is_vector = false;
template <typename Type>
constexpr bool is_vector<std::vector<Type>> = true;
template <typename Type>
constexpr bool is_optional = false;
template <typename Type>
constexpr bool is_optional<std::optional<Type>> = true;
template <typename Type>
constexpr bool is_duration = false;
template <typename Count, typename Period>
constexpr bool is_duration<std::chrono::duration<Count, Period>> = true;

template <typename Type>
Result<Type> read_value(const json::value& value);

/// The target is left as it is where an optional member is missing or null.
class CodecReader {
 public:
  explicit CodecReader(const json::value& value) : object_(value.if_object()) {}

  /// Comes first: the name that errors give the value ("codec.<name>").
  void type(std::string_view name);

  /// Reads by the type of the target; a struct by its own list of members.
  template <typename Type>
  void member(std::string_view name, Type& target, Need need = Need::kOptional) {
    const json::value* found = find(name, need);
    if (found != nullptr) read(name, *found, target);
  }
  /// Bytes as base64.
  void bytes(std::string_view name, std::string& target);

  /// A word out of a list; `names` are in the order of the enumeration's values from 0.
  template <typename Enumeration, std::size_t kCount>
  void word(std::string_view name, Enumeration& target, const std::string_view (&names)[kCount]) {
    std::string read;
    member(name, read);
    if (read.empty()) return;
    for (std::size_t index = 0; index < kCount; ++index) {
      if (names[index] == read) {
        target = static_cast<Enumeration>(index);
        return;
      }
    }
    fail(name, "has an unknown value");
  }

  template <typename Type>
  Result<Type> finish(Type value) {
    if (error_) return std::move(*error_);
    return value;
  }

 private:
  const json::value* find(std::string_view name, Need need);
  void fail(std::string_view name, std::string_view what);

  void read(std::string_view name, const json::value& found, std::string& target);
  void read(std::string_view name, const json::value& found, bool& target);
  void read(std::string_view name, const json::value& found, double& target);
  void read(std::string_view name, const json::value& found, json::object& target);
  void read(std::string_view name, const json::value& found, json::value& target);
  void read(std::string_view name, const json::value& found, TextMap& target);
  void read(std::string_view name, const json::value& found, TextPair& target);
  void read(std::string_view name, const json::value& found, SystemTime& target);

  template <typename Type>
  void read(std::string_view name, const json::value& found, Type& target) {
    if constexpr (std::is_integral_v<Type>) {
      json::error_code error;
      const auto number = found.to_number<Type>(error);
      if (error || found.is_double()) return fail(name, "must be a whole number in range");
      target = number;
    } else if constexpr (is_duration<Type>) {
      std::int64_t count = target.count();
      read(name, found, count);
      target = Type(count);
    } else if constexpr (is_optional<Type>) {
      read(name, found, target.emplace());
    } else if constexpr (is_vector<Type>) {
      read_list(name, found, target);
    } else {
      take(name, read_value<Type>(found), target);
    }
  }

  template <typename Type>
  void read_list(std::string_view name, const json::value& found, std::vector<Type>& target) {
    const json::array* elements = found.if_array();
    if (elements == nullptr) return fail(name, "must be a list");
    target.clear();
    target.reserve(elements->size());
    for (const json::value& element : *elements) {
      const std::string place = std::string(name) + "[" + std::to_string(target.size()) + "]";
      read(place, element, target.emplace_back());
      if (error_) return;
    }
  }

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

template <typename Type>
Result<Type> read_value(const json::value& value) {
  CodecReader reader(value);
  Type target;
  members(reader, target);
  return reader.finish(std::move(target));
}

}  // namespace patchbay::sdk::detail
