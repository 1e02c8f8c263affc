#include "tests/sandbox/slack/arguments.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::sandbox::slack {

Arguments::Arguments(const http::Request& request, bool takes_json) {
  for (const auto& [name, value] : request.query) values_.emplace(name, value);
  const auto type = request.header("Content-Type").value_or("");
  if (type.find("application/x-www-form-urlencoded") != std::string_view::npos) {
    for (auto& [name, value] : http::parse_query(request.body).value_or(decltype(request.query){}))
      values_.insert_or_assign(name, value);
  } else if (type.find("application/json") != std::string_view::npos && takes_json) {
    const auto parsed = sdk::parse_json(request.body);
    if (!parsed.ok() || !parsed->is_object()) return;
    for (const auto& member : parsed->get_object())
      values_.insert_or_assign(member.key(), sdk::scalar_text(member.value()).value_or(to_wire(member.value())));
  }
}

std::string Arguments::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

bool Arguments::flag(std::string_view name) const {
  const auto value = text(name);
  return value == "true" || value == "1";
}

std::size_t Arguments::number(std::string_view name, std::size_t fallback, std::size_t low, std::size_t high) const {
  const auto value = text(name);
  std::size_t number = fallback;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return std::clamp(number == 0 ? fallback : number, low, high);
}

std::optional<json::value> Arguments::document(std::string_view name) const {
  auto parsed = sdk::parse_json(text(name));
  if (!parsed.ok()) return std::nullopt;
  return std::move(*parsed);
}

http::Response answer(json::object members) {
  json::object body{{"ok", true}};
  for (auto& member : members) body[member.key()] = std::move(member.value());
  return http::Response::json(200, to_wire(body));
}

http::Response refusal(std::string_view error, json::object more) {
  json::object body{{"ok", false}, {"error", error}};
  for (auto& member : more) body[member.key()] = std::move(member.value());
  return http::Response::json(200, to_wire(body));
}

std::string make_cursor(std::string_view list, std::string_view position) {
  return sdk::base64_encode(std::string(list) + ":" + std::string(position));
}

std::optional<std::string> parse_cursor(std::string_view list, std::string_view cursor) {
  const auto text = sdk::base64_decode(cursor);
  const auto prefix = std::string(list) + ":";
  if (!text.ok() || !text->starts_with(prefix)) return std::nullopt;
  return text->substr(prefix.size());
}

}  // namespace patchbay::sandbox::slack
