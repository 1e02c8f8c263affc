// Errors are values: a class that says what the caller should do, a code that programs branch on, a text for a person.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#if defined(__GNUC__)
#define PATCHBAY_SDK_API __attribute__((visibility("default")))
#else
#define PATCHBAY_SDK_API
#endif

namespace patchbay::sdk {

/// What the caller should do about an error. The host decides on retries; a connector only classifies.
enum class ErrorClass {
  kAuth,         ///< The service refused the credentials: refresh once, then the connection needs its owner.
  kRateLimited,  ///< Try again after `retry_after`; it counts as waiting, not as a failed try.
  kTransient,    ///< Network, 5xx, lock time-out: retry with back-off.
  kPermanent,    ///< Asking again will not help (permission, configuration, unsupported).
  kConflict,     ///< The other side holds another version or state: read again, then decide.
  kInvalid,      ///< The input is wrong; `field` names where.
  kNotFound,     ///< The thing asked for does not exist (or is not the caller's to see).
  kCancelled,    ///< The caller gave up or the deadline passed.
};

/// An error value. `message` may be shown to a person and never holds a secret, SQL or a stack trace.
struct Error {
  ErrorClass error_class = ErrorClass::kPermanent;
  std::string code;     ///< `part.reason`, stable: "stripe.lock_timeout", "http.body_too_large".
  std::string message;  ///< One or two plain sentences.
  std::optional<std::string> field;                      ///< JSON name or path of the offending input.
  std::optional<std::chrono::milliseconds> retry_after;  ///< Only with kRateLimited and kTransient.
};

/// "auth", "rate_limited", "transient", "permanent", "conflict", "invalid", "not_found", "cancelled".
std::string_view error_class_name(ErrorClass error_class);
/// The inverse of error_class_name; kPermanent for an unknown word.
ErrorClass parse_error_class(std::string_view name);

Error auth_error(std::string code, std::string message);
Error rate_limited_error(std::string code, std::string message, std::chrono::milliseconds retry_after);
Error transient_error(std::string code, std::string message);
Error permanent_error(std::string code, std::string message);
Error conflict_error(std::string code, std::string message);
Error invalid_error(std::string code, std::string message, std::optional<std::string> field = {});
Error not_found_error(std::string code, std::string message);
Error cancelled_error(std::string code, std::string message);

}  // namespace patchbay::sdk
