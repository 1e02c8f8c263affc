#include "engine/mapping/transforms.hpp"

#include "engine/mapping/path.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace patchbay::mapping {
namespace {

using resources::FieldType;

constexpr std::size_t kEmailBytesMax = 254;
/// 9999-12-31T23:59:59Z: a later time has no four-digit year.
constexpr std::int64_t kUnixSecondsMax = 253'402'300'799;

sdk::Error wrong_type(std::string_view expected, const sdk::json::value& source) {
  const char* found = source.is_object()   ? "an object"
                      : source.is_array()  ? "a list"
                      : source.is_bool()   ? "true or false"
                      : source.is_string() ? "a text"
                                           : "a number";
  return sdk::invalid_error("mapping.value", "expected " + std::string(expected) + ", found " + found);
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

sdk::Result<std::string> clean_text(const sdk::json::value& source) {
  auto text = sdk::scalar_text(source);
  if (!text) return wrong_type("a text", source);
  if (!sdk::is_clean_utf8(*text)) return sdk::invalid_error("mapping.value", "the text is not valid UTF-8");
  return std::move(*text);
}

Transformed value_of(sdk::json::value value) {
  return Transformed{std::move(value), {}};
}
Transformed left_out(std::string note) {
  return Transformed{std::nullopt, std::move(note)};
}

bool looks_like_email(std::string_view text) {
  if (text.size() > kEmailBytesMax) return false;
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos)
    return false;
  return std::none_of(text.begin(), text.end(), [](unsigned char character) {
    return character <= ' ' || character == 0x7F || character == ',' || character == ';' || character == '<' ||
           character == '>';
  });
}

}  // namespace

std::optional<Transform> find_transform(std::string_view name) {
  const auto& names = transform_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Transform>(found - names.begin());
}

const std::vector<std::string>& transform_names() {
  // In the order of the enumeration.
  static const std::vector<std::string> kNames = {
      "text",    "trim",    "email", "phone",   "money_minor", "money_major", "currency",  "time",     "unix_time",
      "boolean", "integer", "enum",  "address", "object",      "array",       "text_list", "reference"};
  return kNames;
}

std::optional<Transform> default_transform(FieldType type) {
  switch (type) {
    case FieldType::kText:
      return Transform::kTrim;
    case FieldType::kEmail:
      return Transform::kEmail;
    case FieldType::kPhone:
      return Transform::kPhone;
    case FieldType::kEnum:
      return Transform::kEnum;
    case FieldType::kInteger:
      return Transform::kInteger;
    case FieldType::kBoolean:
      return Transform::kBoolean;
    case FieldType::kTime:
      return Transform::kTime;
    case FieldType::kObject:
      return Transform::kObject;
    case FieldType::kArray:
      return Transform::kArray;
    case FieldType::kTextList:
      return Transform::kTextList;
    case FieldType::kUuid:
      return Transform::kReference;
    case FieldType::kMoney:
    case FieldType::kUuidList:
      return std::nullopt;
  }
  return std::nullopt;
}

bool fits(Transform transform, FieldType type) {
  const bool text_like = type == FieldType::kText;
  switch (transform) {
    case Transform::kText:
    case Transform::kTrim:
      return text_like;
    case Transform::kCurrency:
      return text_like;
    case Transform::kEmail:
      return text_like || type == FieldType::kEmail;
    case Transform::kPhone:
      return text_like || type == FieldType::kPhone;
    case Transform::kMoneyMinor:
    case Transform::kMoneyMajor:
      return type == FieldType::kMoney;
    case Transform::kTime:
    case Transform::kUnixTime:
      return type == FieldType::kTime;
    case Transform::kBoolean:
      return type == FieldType::kBoolean;
    case Transform::kInteger:
      return type == FieldType::kInteger;
    case Transform::kEnum:
      return type == FieldType::kEnum || text_like;
    case Transform::kAddress:
    case Transform::kObject:
      return type == FieldType::kObject;
    case Transform::kArray:
      return type == FieldType::kArray;
    case Transform::kTextList:
      return type == FieldType::kTextList;
    case Transform::kReference:
      return type == FieldType::kUuid;
  }
  return false;
}

sdk::Result<Transformed> transform_text(const sdk::json::value& source, bool trim) {
  PATCHBAY_ASSIGN(const std::string text, clean_text(source));
  return value_of(sdk::json::string(trim ? trimmed(text) : std::string_view(text)));
}

sdk::Result<Transformed> transform_email(const sdk::json::value& source) {
  PATCHBAY_ASSIGN(const std::string text, clean_text(source));
  std::string email(trimmed(text));
  if (!looks_like_email(email)) return left_out("not an e-mail address");
  std::transform(email.begin(), email.end(), email.begin(), [](char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a') : character;
  });
  return value_of(sdk::json::string(email));
}

sdk::Result<Transformed> transform_time(const sdk::json::value& source) {
  if (!source.is_string()) return wrong_type("a time as text", source);
  PATCHBAY_ASSIGN(const auto time, sdk::parse_time(trimmed(std::string_view(source.get_string()))));
  return value_of(sdk::json::string(sdk::format_time(time)));
}

sdk::Result<Transformed> transform_unix_time(const sdk::json::value& source) {
  std::int64_t seconds = 0;
  if (const auto* number = source.if_int64())
    seconds = *number;
  else
    return wrong_type("whole seconds since 1970", source);
  if (seconds < 0 || seconds > kUnixSecondsMax) return sdk::invalid_error("mapping.value", "the time is out of range");
  return value_of(
      sdk::json::string(sdk::format_time(std::chrono::system_clock::time_point(std::chrono::seconds(seconds)))));
}

sdk::Result<Transformed> transform_boolean(const sdk::json::value& source) {
  if (source.is_bool()) return value_of(source.get_bool());
  const auto text = sdk::scalar_text(source);
  if (text && (*text == "true" || *text == "1")) return value_of(true);
  if (text && (*text == "false" || *text == "0")) return value_of(false);
  return wrong_type("true or false", source);
}

sdk::Result<Transformed> transform_integer(const sdk::json::value& source) {
  if (const auto* number = source.if_int64()) return value_of(*number);
  if (source.is_uint64()) return sdk::invalid_error("mapping.value", "the number is larger than a 64-bit integer");
  if (const auto* real = source.if_double(); real != nullptr && std::trunc(*real) == *real && std::fabs(*real) < 9e15) {
    return value_of(static_cast<std::int64_t>(*real));
  }
  if (const auto* text = source.if_string()) {
    std::int64_t number = 0;
    const std::string_view digits = trimmed(*text);
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (code == std::errc() && end == digits.data() + digits.size()) return value_of(number);
    if (code == std::errc::result_out_of_range)
      return sdk::invalid_error("mapping.value", "the number is larger than a 64-bit integer");
  }
  return wrong_type("a whole number", source);
}

sdk::Result<Transformed> transform_currency(const sdk::json::value& source) {
  const auto* text = source.if_string();
  if (text == nullptr) return wrong_type("a currency code", source);
  std::string code(trimmed(*text));
  for (char& character : code) {
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  }
  const bool letters =
      std::all_of(code.begin(), code.end(), [](char character) { return character >= 'A' && character <= 'Z'; });
  if (code.size() != 3 || !letters) return sdk::invalid_error("mapping.value", "not a currency code of three letters");
  return value_of(sdk::json::string(code));
}

sdk::Result<Transformed> transform_enum(const FieldRule& rule, const sdk::json::value& source) {
  PATCHBAY_ASSIGN(const std::string text, clean_text(source));
  auto found = rule.values.find(text);
  if (found == rule.values.end()) found = rule.values.find("*");
  if (found == rule.values.end()) {
    return sdk::invalid_error("mapping.value", "the value \"" + text.substr(0, 60) + "\" is not in the mapping");
  }
  return value_of(sdk::json::string(found->second));
}

sdk::Result<Transformed> transform_address(const FieldRule& rule, const sdk::json::value& source) {
  if (source.is_string()) {
    PATCHBAY_ASSIGN(const std::string line, clean_text(source));
    return value_of(sdk::json::object{{"line1", trimmed(line)}});
  }
  if (!source.is_object()) return wrong_type("an address", source);
  sdk::json::object address;
  for (const std::string& part : address_parts()) {
    const auto renamed = rule.parts.find(part);
    const sdk::json::value* found = sdk::find_path(source, renamed == rule.parts.end() ? part : renamed->second);
    if (!has_content(found)) continue;
    PATCHBAY_ASSIGN(const std::string text, clean_text(*found));
    address[part] = trimmed(text);
  }
  if (address.empty()) return Transformed{};
  return value_of(std::move(address));
}

sdk::Result<Transformed> transform_text_list(const sdk::json::value& source) {
  const auto* list = source.if_array();
  if (list == nullptr) return wrong_type("a list of texts", source);
  sdk::json::array texts;
  for (const sdk::json::value& item : *list) {
    if (!has_content(&item)) continue;
    PATCHBAY_ASSIGN(const std::string text, clean_text(item));
    texts.emplace_back(trimmed(text));
  }
  return value_of(std::move(texts));
}

const std::vector<std::string>& address_parts() {
  static const std::vector<std::string> kParts = {"line1", "line2", "city", "state", "postalCode", "country"};
  return kParts;
}

}  // namespace patchbay::mapping
