// Values given by a caller against the types they are to have.
#pragma once

#include "tests/sandbox/graphql/schema.hpp"

#include <patchbay/sdk/json.hpp>

namespace patchbay::sandbox::graphql {

namespace json = boost::json;

/// Whether a JSON value (of a variable) fits the type; adds input defaults. The error says what is wrong, and where.
sdk::Result<json::value> coerce_json(const Schema& schema, const TypeReference& type, const json::value& value);
/// The same for a literal. Variables inside it take their (already coerced) value; a variable that was not given is
/// null.
sdk::Result<json::value> coerce_literal(const Schema& schema, const TypeReference& type, const Value& value,
                                        const json::object& variables);
/// The literal as JSON, without looking at types; variables become null.
json::value literal_json(const Value& value);

}  // namespace patchbay::sandbox::graphql
