#include "form.hpp"

namespace patchbay::twilio {
namespace {

constexpr std::size_t kFieldsMax = 1'000;

int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

sdk::Result<std::string> decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      decoded += ' ';
    } else if (text[at] != '%') {
      decoded += text[at];
    } else {
      const int high = at + 1 < text.size() ? hex_digit(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
      if (high < 0 || low < 0) return sdk::invalid_error("twilio.form", "the form has a broken escape");
      decoded += static_cast<char>(high * 16 + low);
      at += 2;
    }
  }
  return decoded;
}

}  // namespace

sdk::Result<Fields> parse_form(std::string_view text) {
  Fields fields;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (fields.size() == kFieldsMax) return sdk::invalid_error("twilio.form", "the form has too many fields");
    const auto equals = std::min(pair.find('='), pair.size());
    PATCHBAY_ASSIGN(std::string name, decode(pair.substr(0, equals)));
    PATCHBAY_ASSIGN(std::string value, decode(pair.substr(std::min(equals + 1, pair.size()))));
    fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

std::string field_value(const Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace patchbay::twilio
