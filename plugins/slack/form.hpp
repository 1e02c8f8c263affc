#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <map>
#include <string>

namespace patchbay::slack {

using Form = std::map<std::string, std::string, std::less<>>;

/// Fields of an `application/x-www-form-urlencoded` body; of a name that comes twice the first counts. kInvalid where
/// it is malformed or has more than 100 fields.
sdk::Result<Form> parse_form(std::string_view body);
std::string field_of(const Form& form, std::string_view name);

}  // namespace patchbay::slack
