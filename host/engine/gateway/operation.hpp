// What a route takes and answers, for the API document. A route is described where it is made.
#pragma once

#include <patchbay/sdk/json.hpp>

#include <string_view>

namespace patchbay::gateway {

/// The schema of an object, from its members: "id:uuid name:text error:object? tags:text[] note:text~". Types are text,
/// uuid, time, integer, number, boolean, object and any, or the name of a component ("Client"); [] is a list of them,
/// ? may be null, ~ may be missing. Other members are possible.
sdk::json::object shape(std::string_view members);

/// A reference to a schema of the document: of an entity ("Job") or of a change to one ("JobChange").
sdk::json::object component(std::string_view name);
sdk::json::object list_of(sdk::json::object item);

/// An operation that is answered with {"data": <data>, "timestamp"}.
sdk::json::object answers(int status, std::string_view text, sdk::json::object data);
/// The same with a list of items and "pagination".
sdk::json::object answers_list(std::string_view text, sdk::json::object item);
/// An operation that is answered without a body.
sdk::json::object answers_nothing(int status, std::string_view text);
/// An operation that is answered with a document of its own.
sdk::json::object answers_plain(std::string_view media_type, sdk::json::object schema);
/// The operation with a JSON body.
sdk::json::object takes(sdk::json::object body, sdk::json::object operation);

}  // namespace patchbay::gateway
