// expand[]: replaces ids by the objects they name, and adds the lists that an object has only on request.
#pragma once

#include "tests/sandbox/stripe/account.hpp"

namespace patchbay::sandbox::stripe {

/// Each path is members joined by dots; "data" steps into every object of a list. The error is Stripe's for a path that
/// cannot be expanded.
std::optional<ApiError> expand_paths(const Account& account, json::value& answer,
                                     const std::vector<std::string>& paths);

}  // namespace patchbay::sandbox::stripe
