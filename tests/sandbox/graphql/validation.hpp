// A document against the schema, with the error texts of graphql-ruby.
#pragma once

#include "tests/sandbox/graphql/schema.hpp"

#include <patchbay/sdk/json.hpp>

namespace patchbay::sandbox::graphql {

namespace json = boost::json;

/// GraphQL error objects; empty: the operation may run.
json::array validate(const Schema& schema, const Document& document, const Operation& operation);

/// The variables of the operation as given, defaults filled in.
sdk::Result<json::object> coerce_variables(const Schema& schema, const Operation& operation, const json::object& given,
                                           json::array& errors);

}  // namespace patchbay::sandbox::graphql
