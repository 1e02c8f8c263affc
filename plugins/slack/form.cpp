#include "form.hpp"

#include <patchbay/sdk/encoding.hpp>

namespace patchbay::slack {
namespace {

constexpr std::size_t kFieldsMax = 100;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

sdk::Result<std::string> decoded(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain += text[at] == '+' ? ' ' : text[at];
      continue;
    }
    const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
    const int low = high < 0 ? -1 : hex_digit(text[at + 2]);
    if (low < 0) return sdk::invalid_error("slack.bad_form", "the form has a broken escape");
    plain += static_cast<char>(high * 16 + low);
    at += 2;
  }
  if (!sdk::is_clean_utf8(plain)) return sdk::invalid_error("slack.bad_form", "the form is not clean UTF-8");
  return plain;
}

}  // namespace

sdk::Result<Form> parse_form(std::string_view body) {
  Form form;
  while (!body.empty()) {
    const std::string_view field = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(field.size() + 1, body.size()));
    if (field.empty()) continue;
    if (form.size() >= kFieldsMax) return sdk::invalid_error("slack.bad_form", "the form has too many fields");
    const auto equals = std::min(field.find('='), field.size());
    PATCHBAY_ASSIGN(std::string name, decoded(field.substr(0, equals)));
    PATCHBAY_ASSIGN(std::string value, decoded(field.substr(std::min(equals + 1, field.size()))));
    form.emplace(std::move(name), std::move(value));
  }
  return form;
}

std::string field_of(const Form& form, std::string_view name) {
  const auto found = form.find(name);
  return found == form.end() ? std::string() : found->second;
}

}  // namespace patchbay::slack
