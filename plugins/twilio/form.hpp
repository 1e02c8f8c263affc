// Form bodies and query strings as Twilio sends them.
#pragma once

#include <patchbay/sdk/sdk.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::twilio {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// Decoded fields in order, values as they are (nothing trimmed, empty ones kept). kInvalid on a broken escape and on
/// more fields than any webhook has.
sdk::Result<Fields> parse_form(std::string_view text);

/// The first value of a field; empty where there is none.
std::string field_value(const Fields& fields, std::string_view name);

}  // namespace patchbay::twilio
