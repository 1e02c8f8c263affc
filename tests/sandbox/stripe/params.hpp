// Parameters of one Stripe call, read by name and type; what is missing, mistyped or unknown becomes Stripe's error.
#pragma once

#include "tests/sandbox/wire_json.hpp"

#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace patchbay::sandbox::stripe {

struct ApiError {
  int status = 400;
  std::string type = "invalid_request_error";
  std::string code;
  std::string message;
  std::string param;
  json::object more;  // decline_code, payment_intent …

  json::object body() const;
};

using Answer = std::variant<json::value, ApiError>;

ApiError resource_missing(std::string_view noun, std::string_view id, std::string_view param = "id");
ApiError invalid_state(std::string code, std::string message);

/// Reading marks a parameter as known. The first fault is kept; finish() gives it, or the first parameter nobody asked
/// for.
class Params {
 public:
  explicit Params(json::object form) : form_(std::move(form)) {}

  bool has(std::string_view name);
  /// The text as sent (empty clears a member); nullopt where it is missing.
  std::optional<std::string> text(std::string_view name);
  std::string required_text(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name);
  std::int64_t required_integer(std::string_view name);
  std::optional<bool> flag(std::string_view name);
  std::optional<std::string> one_of(std::string_view name, const std::vector<std::string_view>& values);
  /// A nested hash; nullptr where it is missing. An empty text counts as an empty hash (it clears).
  const json::object* hash(std::string_view name);
  std::vector<std::string> texts(std::string_view name);
  /// As it was sent, for parameters that are either a text or a hash; nullptr where it is missing.
  const json::value* value(std::string_view name) { return find(name); }
  /// Accepts parameters without looking at them.
  void ignore(std::initializer_list<std::string_view> names);
  void fail(ApiError error);
  std::optional<ApiError> finish();

 private:
  const json::value* find(std::string_view name);

  json::object form_;
  std::set<std::string, std::less<>> known_;
  std::optional<ApiError> error_;
  json::object empty_;
};

}  // namespace patchbay::sandbox::stripe
