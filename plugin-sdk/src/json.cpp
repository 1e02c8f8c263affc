// Paths into JSON values and the texts made of them; reading is json_reader.cpp.
#include <patchbay/sdk/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace patchbay::sdk {
namespace {

// Above this a plain decimal would be longer than it is readable (ECMAScript draws the line at the same place).
constexpr double kPlainDecimalMax = 1e21;
constexpr double kPlainDecimalMin = 1e-7;

std::string number_text(double number) {
  if (!std::isfinite(number)) return "null";
  if (number == 0) return "0";  // -0.0 is the same number and must be the same text
  const double magnitude = std::fabs(number);
  const bool plain = magnitude >= kPlainDecimalMin && magnitude < kPlainDecimalMax;
  std::array<char, 64> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                     plain ? std::chars_format::fixed : std::chars_format::scientific);
  return std::string(buffer.data(), written.ptr);
}

/// The text up to the first of `stops`, which stays in `path`.
std::string_view take_until(std::string_view& path, std::string_view stops) {
  const std::string_view taken = path.substr(0, path.find_first_of(stops));
  path.remove_prefix(taken.size());
  return taken;
}

const json::value* select_element(const json::value& value, std::string_view selector) {
  const json::array* array = value.if_array();
  if (array == nullptr) return nullptr;
  const auto equals = selector.find('=');
  if (equals == std::string_view::npos) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(selector.data(), selector.data() + selector.size(), index);
    const bool whole = error == std::errc() && end == selector.data() + selector.size();
    return whole && index < array->size() ? &(*array)[index] : nullptr;
  }
  const std::string_view name = selector.substr(0, equals);
  const std::string_view wanted = selector.substr(equals + 1);
  for (const json::value& element : *array) {
    const json::value* member = find_member(element, name);
    const auto text = member == nullptr ? std::nullopt : scalar_text(*member);
    if (text && *text == wanted) return &element;
  }
  return nullptr;
}

const json::value* follow(const json::value* found, std::string_view path, bool first) {
  while (!path.empty() && found != nullptr) {
    if (path.front() == '[') {
      path.remove_prefix(1);
      const std::string_view selector = take_until(path, "]");
      if (path.empty()) return nullptr;
      path.remove_prefix(1);
      found = select_element(*found, selector);
    } else {
      if (!first && path.front() == '.') path.remove_prefix(1);
      const std::string_view name = take_until(path, ".[");
      if (name.empty()) return nullptr;
      found = find_member(*found, name);
    }
    first = false;
  }
  return found;
}

std::string text_of(const json::value* found) {
  const json::string* text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

void append_canonical(const json::value& value, std::string& text);

void append_canonical(const json::object& object, std::string& text) {
  std::vector<const json::key_value_pair*> members;
  members.reserve(object.size());
  for (const auto& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const auto* left, const auto* right) { return left->key() < right->key(); });
  text += '{';
  for (const auto* member : members) {
    if (text.back() != '{') text += ',';
    text += json::serialize(member->key());
    text += ':';
    append_canonical(member->value(), text);
  }
  text += '}';
}

void append_canonical(const json::array& array, std::string& text) {
  text += '[';
  bool first = true;
  for (const json::value& element : array) {
    if (!first) text += ',';
    first = false;
    append_canonical(element, text);
  }
  text += ']';
}

void append_canonical(const json::value& value, std::string& text) {
  if (const auto* object = value.if_object()) {
    append_canonical(*object, text);
  } else if (const auto* array = value.if_array()) {
    append_canonical(*array, text);
  } else if (const auto* number = value.if_double()) {
    text += number_text(*number);
  } else {
    text += json::serialize(value);
  }
}

}  // namespace

const json::value* find_member(const json::value& value, std::string_view name) {
  const json::object* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(name);
}

const json::value* find_member(const json::object& object, std::string_view name) {
  return object.if_contains(name);
}

const json::value* find_path(const json::value& value, std::string_view path) {
  return follow(&value, path, true);
}

const json::value* find_path(const json::object& object, std::string_view path) {
  const std::string_view name = take_until(path, ".[");
  return name.empty() ? nullptr : follow(find_member(object, name), path, false);
}

std::string string_at(const json::value& value, std::string_view path) {
  return text_of(find_path(value, path));
}

std::string string_at(const json::object& object, std::string_view path) {
  return text_of(find_path(object, path));
}

std::optional<std::string> scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string:
      return std::string(value.get_string().data(), value.get_string().size());
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case json::kind::int64:
      return std::to_string(value.get_int64());
    case json::kind::uint64:
      return std::to_string(value.get_uint64());
    case json::kind::double_:
      return number_text(value.get_double());
    default:
      return std::nullopt;
  }
}

std::string canonical_json(const json::value& value) {
  std::string text;
  append_canonical(value, text);
  return text;
}

}  // namespace patchbay::sdk
