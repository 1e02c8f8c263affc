#include <patchbay/sdk/error.hpp>

#include <array>
#include <utility>

namespace patchbay::sdk {
namespace {

constexpr std::array<std::pair<ErrorClass, std::string_view>, 8> kClassNames{
    {{ErrorClass::kAuth, "auth"},
     {ErrorClass::kRateLimited, "rate_limited"},
     {ErrorClass::kTransient, "transient"},
     {ErrorClass::kPermanent, "permanent"},
     {ErrorClass::kConflict, "conflict"},
     {ErrorClass::kInvalid, "invalid"},
     {ErrorClass::kNotFound, "not_found"},
     {ErrorClass::kCancelled, "cancelled"}}};

Error make_error(ErrorClass error_class, std::string code, std::string message) {
  return Error{error_class, std::move(code), std::move(message), std::nullopt, std::nullopt};
}

}  // namespace

std::string_view error_class_name(ErrorClass error_class) {
  for (const auto& [known, name] : kClassNames) {
    if (known == error_class) return name;
  }
  return "permanent";
}

ErrorClass parse_error_class(std::string_view name) {
  for (const auto& [error_class, known] : kClassNames) {
    if (known == name) return error_class;
  }
  return ErrorClass::kPermanent;
}

Error auth_error(std::string code, std::string message) {
  return make_error(ErrorClass::kAuth, std::move(code), std::move(message));
}

Error rate_limited_error(std::string code, std::string message, std::chrono::milliseconds retry_after) {
  Error error = make_error(ErrorClass::kRateLimited, std::move(code), std::move(message));
  error.retry_after = retry_after;
  return error;
}

Error transient_error(std::string code, std::string message) {
  return make_error(ErrorClass::kTransient, std::move(code), std::move(message));
}

Error permanent_error(std::string code, std::string message) {
  return make_error(ErrorClass::kPermanent, std::move(code), std::move(message));
}

Error conflict_error(std::string code, std::string message) {
  return make_error(ErrorClass::kConflict, std::move(code), std::move(message));
}

Error invalid_error(std::string code, std::string message, std::optional<std::string> field) {
  Error error = make_error(ErrorClass::kInvalid, std::move(code), std::move(message));
  error.field = std::move(field);
  return error;
}

Error not_found_error(std::string code, std::string message) {
  return make_error(ErrorClass::kNotFound, std::move(code), std::move(message));
}

Error cancelled_error(std::string code, std::string message) {
  return make_error(ErrorClass::kCancelled, std::move(code), std::move(message));
}

}  // namespace patchbay::sdk
