// Stripe's request bodies: form encoding whose names carry structure in brackets.
#pragma once

#include <patchbay/sdk/json.hpp>

#include <string_view>

namespace patchbay::sandbox::stripe {

namespace json = boost::json;

/// `metadata[a]=1&items[0][price]=p&expand[]=data.customer` →
/// {"metadata":{"a":"1"},"items":[{"price":"p"}],"expand":[…]}. Every leaf is a string. Members whose names are all
/// numbers become an array, in the order of the numbers. kInvalid on bad escapes, unbalanced brackets, too many fields
/// or too deep nesting, or a name used both as value and as structure.
sdk::Result<json::object> parse_form(std::string_view text);

}  // namespace patchbay::sandbox::stripe
