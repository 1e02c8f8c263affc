#include "tests/sandbox/stripe/form.hpp"

#include "platform/http/message.hpp"

#include <algorithm>

namespace patchbay::sandbox::stripe {
namespace {

constexpr std::size_t kFieldsMax = 1'000;
constexpr std::size_t kDepthMax = 8;

sdk::Error form_error(std::string_view what, std::string_view name) {
  return sdk::invalid_error("stripe.form", std::string(what), std::string(name));
}

/// "a[b][]" → "a", "b", "".
std::optional<std::vector<std::string>> split_name(std::string_view name) {
  const auto bracket = std::min(name.find('['), name.size());
  std::vector<std::string> parts{std::string(name.substr(0, bracket))};
  name.remove_prefix(bracket);
  while (!name.empty()) {
    const auto end = name.find(']');
    if (name.front() != '[' || end == std::string_view::npos) return std::nullopt;
    parts.emplace_back(name.substr(1, end - 1));
    name.remove_prefix(end + 1);
  }
  if (parts.front().empty() || parts.size() > kDepthMax) return std::nullopt;
  return parts;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 9 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `{"0": a, "1": b}` → `[a, b]`, from the leaves up.
json::value with_arrays(json::value value) {
  if (value.is_array()) {
    for (auto& element : value.get_array()) element = with_arrays(std::move(element));
    return value;
  }
  if (!value.is_object()) return value;
  std::map<long, json::value> numbered;
  bool all_numbers = !value.get_object().empty();
  for (auto& member : value.get_object()) {
    member.value() = with_arrays(std::move(member.value()));
    const std::string name(member.key());
    all_numbers = all_numbers && is_number(name);
    if (all_numbers) numbered[std::stol(name)] = member.value();
  }
  if (!all_numbers) return value;
  json::array array;
  for (auto& [number, element] : numbered) array.push_back(std::move(element));
  return array;
}

/// Puts one field into the tree; false where a name is both a value and a structure.
bool place(json::object& root, const std::vector<std::string>& parts, std::string text) {
  json::value* at = &root[parts.front()];
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool list = parts[i].empty();
    if (at->is_null()) *at = list ? json::value(json::array()) : json::value(json::object());
    if (list) {
      if (!at->is_array()) return false;
      at->get_array().emplace_back(nullptr);
      at = &at->get_array().back();
    } else {
      if (!at->is_object()) return false;
      at = &at->get_object()[parts[i]];
    }
  }
  if (at->is_object() || at->is_array()) return false;
  *at = text;
  return true;
}

}  // namespace

sdk::Result<json::object> parse_form(std::string_view text) {
  const auto fields = http::parse_query(text);
  if (!fields) return form_error("Invalid form encoding", "");
  if (fields->size() > kFieldsMax) return form_error("Too many parameters", "");
  json::object root;
  for (const auto& [name, value] : *fields) {
    if (name.empty() && value.empty()) continue;
    const auto parts = split_name(name);
    if (!parts) return form_error("Invalid parameter name", name);
    if (!place(root, *parts, value)) return form_error("Conflicting parameters", name);
  }
  for (auto& member : root) member.value() = with_arrays(std::move(member.value()));
  return root;
}

}  // namespace patchbay::sandbox::stripe
