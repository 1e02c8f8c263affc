// Runs a validated operation against objects that a resolver gives.
#pragma once

#include "tests/sandbox/graphql/schema.hpp"

#include <patchbay/sdk/json.hpp>

namespace patchbay::sandbox::graphql {

namespace json = boost::json;

/// An object of a concrete type. `value` outlives the execution, or `owned` keeps it.
struct Object {
  std::string type;
  const json::object* value = nullptr;
  std::shared_ptr<const json::object> owned = {};
};

/// A page of a connection.
struct Connection {
  std::vector<Object> nodes;
  std::size_t offset = 0;  // of the first node in the whole list
  std::size_t total = 0;
};

/// What a field gives: a leaf (or null), an object, several, or a page.
using Resolved = std::variant<json::value, Object, std::vector<Object>, Connection>;

class Resolver {
 public:
  virtual ~Resolver() = default;
  virtual Resolved resolve(const Object& parent, const FieldDefinition& field, const json::object& arguments) = 0;
};

struct Execution {
  json::value data;
  json::array errors;
  std::int64_t cost = 0;  // what was really computed
};

Execution execute(const Schema& schema, const Document& document, const Operation& operation,
                  const json::object& variables, Resolver& resolver);

/// The first operation's selections on an object that is at hand already.
json::value execute_on(const Schema& schema, const Document& document, const Object& object, Resolver& resolver);

/// What the operation may cost at most, before it runs: every field 1, nodes, edges and node 0, a connection its
/// subtree times `first` or `last`, 100 where neither is given. Saturates.
std::int64_t requested_cost(const Schema& schema, const Document& document, const Operation& operation,
                            const json::object& variables);

/// Cursors are positions: base64url of the 1-based index.
std::string make_cursor(std::size_t index);
std::optional<std::size_t> parse_cursor(std::string_view cursor);

}  // namespace patchbay::sandbox::graphql
