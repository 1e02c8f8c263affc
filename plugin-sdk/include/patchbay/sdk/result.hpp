// Result<T>: a value or an Error. Nothing throws across a plugin boundary or a thread.
#pragma once

#include <patchbay/sdk/error.hpp>

#include <utility>
#include <variant>

namespace patchbay::sdk {

/// A value of T or an Error. Reading the value of a failed result is a programmer's error and throws std::bad_variant_access.
template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T value_or(T fallback) const& { return ok() ? value() : std::move(fallback); }

  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  Error& error() & { return error_.value(); }
  const Error& error() const& { return error_.value(); }
  Error&& error() && { return std::move(error_).value(); }

 private:
  std::optional<Error> error_;
};

}  // namespace patchbay::sdk

#define PATCHBAY_CONCAT_INNER(a, b) a##b
#define PATCHBAY_CONCAT(a, b) PATCHBAY_CONCAT_INNER(a, b)

/// Returns the error of `expression` from the enclosing function, if it failed.
#define PATCHBAY_TRY(...) PATCHBAY_TRY_INNER(PATCHBAY_CONCAT(patchbay_tried_, __COUNTER__), __VA_ARGS__)
#define PATCHBAY_TRY_INNER(tried, ...)                                                  \
  do {                                                                                  \
    if (auto tried = (__VA_ARGS__); !tried.ok()) return std::move(tried).error();       \
  } while (false)

/// Declares `variable` with the value of `expression`, or returns its error from the enclosing function.
#define PATCHBAY_ASSIGN(variable, expression) \
  PATCHBAY_ASSIGN_INNER(PATCHBAY_CONCAT(patchbay_result_, __COUNTER__), variable, expression)
#define PATCHBAY_ASSIGN_INNER(result, variable, expression) \
  auto result = (expression);                               \
  if (!result.ok()) return std::move(result).error();       \
  variable = std::move(result).value()
