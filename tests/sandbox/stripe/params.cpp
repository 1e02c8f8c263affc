#include "tests/sandbox/stripe/params.hpp"

#include <algorithm>
#include <charconv>

namespace patchbay::sandbox::stripe {
namespace {

ApiError param_error(std::string code, std::string message, std::string_view param) {
  ApiError error;
  error.code = std::move(code);
  error.message = std::move(message);
  error.param = param;
  return error;
}

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.get_string().data(), value.get_string().size()) : std::string();
}

}  // namespace

json::object ApiError::body() const {
  json::object error{{"type", type}, {"message", message}};
  if (!code.empty()) {
    error["code"] = code;
    error["doc_url"] = "https://stripe.com/docs/error-codes/" + code;
  }
  if (!param.empty()) error["param"] = param;
  for (const auto& member : more) error[member.key()] = member.value();
  return {{"error", std::move(error)}};
}

ApiError resource_missing(std::string_view noun, std::string_view id, std::string_view param) {
  auto error = param_error("resource_missing", "No such " + std::string(noun) + ": '" + std::string(id) + "'", param);
  error.status = param == "id" ? 404 : 400;
  return error;
}

ApiError invalid_state(std::string code, std::string message) {
  return param_error(std::move(code), std::move(message), "");
}

const json::value* Params::find(std::string_view name) {
  known_.emplace(name);
  return form_.if_contains(name);
}

void Params::fail(ApiError error) {
  if (!error_) error_ = std::move(error);
}

bool Params::has(std::string_view name) {
  return find(name) != nullptr;
}

std::optional<std::string> Params::text(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) fail(param_error("parameter_invalid_string", "Invalid string: " + to_wire(*value), name));
  return text_of(*value);
}

std::string Params::required_text(std::string_view name) {
  auto value = text(name);
  if (value && !value->empty()) return *value;
  fail(param_error(value ? "parameter_invalid_empty" : "parameter_missing",
                   value ? "You passed an empty string for '" + std::string(name) + "'."
                         : "Missing required param: " + std::string(name) + ".",
                   name));
  return {};
}

std::optional<std::int64_t> Params::integer(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (code != std::errc() || end != value->data() + value->size()) {
    fail(param_error("parameter_invalid_integer", "Invalid integer: " + *value, name));
  }
  return number;
}

std::int64_t Params::required_integer(std::string_view name) {
  if (const auto value = integer(name)) return *value;
  fail(param_error("parameter_missing", "Missing required param: " + std::string(name) + ".", name));
  return 0;
}

std::optional<bool> Params::flag(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  if (*value != "true" && *value != "false")
    fail(param_error("parameter_invalid_boolean", "Invalid boolean: " + *value, name));
  return *value == "true";
}

std::optional<std::string> Params::one_of(std::string_view name, const std::vector<std::string_view>& values) {
  auto value = text(name);
  if (!value || std::find(values.begin(), values.end(), *value) != values.end()) return value;
  std::string list;
  for (const auto choice : values) list += (list.empty() ? "" : ", ") + std::string(choice);
  fail(param_error("", "Invalid " + std::string(name) + ": must be one of " + list, name));
  return value;
}

const json::object* Params::hash(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->is_object()) return &value->get_object();
  if (!value->is_string() || !value->get_string().empty())
    fail(param_error("parameter_invalid_hash", "Invalid hash", name));
  return &empty_;
}

std::vector<std::string> Params::texts(std::string_view name) {
  std::vector<std::string> out;
  const auto* value = find(name);
  if (value == nullptr || (value->is_string() && value->get_string().empty())) return out;
  if (!value->is_array()) {
    fail(param_error("parameter_invalid_array", "Invalid array", name));
    return out;
  }
  for (const auto& element : value->get_array()) out.push_back(text_of(element));
  return out;
}

void Params::ignore(std::initializer_list<std::string_view> names) {
  for (const auto name : names) known_.emplace(name);
}

std::optional<ApiError> Params::finish() {
  if (error_) return error_;
  for (const auto& member : form_) {
    const std::string_view name(member.key().data(), member.key().size());
    if (!known_.contains(name)) {
      return param_error("parameter_unknown", "Received unknown parameter: " + std::string(name), name);
    }
  }
  return std::nullopt;
}

}  // namespace patchbay::sandbox::stripe
