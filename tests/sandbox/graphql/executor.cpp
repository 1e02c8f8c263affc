#include "tests/sandbox/graphql/executor.hpp"

#include "tests/sandbox/graphql/coercion.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <charconv>

namespace patchbay::sandbox::graphql {
namespace {

bool is_structure(std::string_view field) {
  return field == "nodes" || field == "edges" || field == "node";
}

bool directives_allow(const Selection& selection, const json::object& variables) {
  for (const auto& directive : selection.directives) {
    for (const auto& argument : directive.arguments) {
      if (argument.name != "if") continue;
      const auto* given =
          argument.value.kind == Value::Kind::kVariable ? variables.if_contains(argument.value.text) : nullptr;
      const bool condition = given != nullptr ? given->is_bool() && given->get_bool() : argument.value.text == "true";
      if ((directive.name == "include" && !condition) || (directive.name == "skip" && condition)) return false;
    }
  }
  return true;
}

class Executor {
 public:
  Executor(const Schema& schema, const Document& document, const json::object& variables, Resolver& resolver)
      : schema_(schema), document_(document), variables_(variables), resolver_(resolver) {}

  json::object run(const Object& object, const std::vector<Selection>& selections) {
    json::object out;
    run_into(out, object, selections);
    return out;
  }

  Execution result;

 private:
  void run_into(json::object& out, const Object& object, const std::vector<Selection>& selections) {
    const auto& type = *schema_.find(object.type);
    each_field(object.type, selections, [&](const Selection& selection) { run_field(out, object, type, selection); });
  }

  template <typename Visit>
  void each_field(const std::string& type, const std::vector<Selection>& selections, const Visit& visit) {
    for (const auto& selection : selections) {
      if (!directives_allow(selection, variables_)) continue;
      if (selection.kind == Selection::Kind::kField) {
        visit(selection);
        continue;
      }
      const bool spread = selection.kind == Selection::Kind::kFragmentSpread;
      const auto* fragment = spread ? &document_.fragments.at(selection.name) : nullptr;
      const auto& condition = spread ? fragment->type_condition : selection.type_condition;
      if (!condition.empty() && !schema_.is_a(type, condition)) continue;
      each_field(type, spread ? fragment->selections : selection.selections, visit);
    }
  }

  void run_field(json::object& out, const Object& object, const TypeDefinition& type, const Selection& selection) {
    const auto& key = selection.response_key();
    if (selection.name == "__typename") {
      out[key] = object.type;
      return;
    }
    const auto* field = type.find_field(selection.name);
    ++result.cost;
    json::object arguments;
    for (const auto& definition : field->arguments) {
      const auto* given = selection.find_argument(definition.name);
      if (given == nullptr) {
        if (definition.fallback) arguments[definition.name] = literal_json(*definition.fallback);
        continue;
      }
      if (given->value.kind == Value::Kind::kVariable && !variables_.contains(given->value.text)) continue;
      auto value = coerce_literal(schema_, definition.type, given->value, variables_);
      if (!value) {
        fail(selection, "Argument '" + definition.name + "' has an invalid value: " + value.error().message);
        out[key] = nullptr;
        return;
      }
      arguments[definition.name] = std::move(*value);
    }
    merge(out, key, complete(resolver_.resolve(object, *field, arguments), field->type, selection));
  }

  /// The same key selected twice (by fragments) joins its members.
  static void merge(json::object& out, const std::string& key, json::value value) {
    auto* there = out.if_contains(key);
    if (there == nullptr || !there->is_object() || !value.is_object()) {
      out[key] = std::move(value);
      return;
    }
    for (auto& member : value.get_object()) there->get_object()[member.key()] = std::move(member.value());
  }

  json::value complete(Resolved resolved, const TypeReference& type, const Selection& selection) {
    if (auto* leaf = std::get_if<json::value>(&resolved)) {
      if (leaf->is_null() && type.required) fail(selection, "Cannot return null for non-nullable field");
      return std::move(*leaf);
    }
    if (const auto* object = std::get_if<Object>(&resolved)) return run(*object, selection.selections);
    if (const auto* list = std::get_if<std::vector<Object>>(&resolved)) {
      json::array out;
      for (const auto& object : *list) out.push_back(run(object, selection.selections));
      return out;
    }
    return run_connection(std::get<Connection>(resolved), type.named(), selection.selections);
  }

  json::value run_connection(const Connection& connection, const std::string& type,
                             const std::vector<Selection>& selections) {
    json::object out;
    each_field(type, selections, [&](const Selection& selection) {
      const auto& key = selection.response_key();
      if (!is_structure(selection.name)) ++result.cost;
      if (selection.name == "__typename") {
        out[key] = type;
      } else if (selection.name == "totalCount") {
        out[key] = connection.total;
      } else if (selection.name == "pageInfo") {
        out[key] = page_info(connection, selection.selections);
      } else if (selection.name == "nodes") {
        json::array nodes;
        nodes.reserve(connection.nodes.size());
        for (const auto& node : connection.nodes) nodes.push_back(run(node, selection.selections));
        out[key] = std::move(nodes);
      } else if (selection.name == "edges") {
        out[key] = edges(connection, selection.selections);
      }
    });
    return out;
  }

  json::array edges(const Connection& connection, const std::vector<Selection>& selections) {
    json::array out;
    for (std::size_t i = 0; i < connection.nodes.size(); ++i) {
      json::object edge;
      each_field("", selections, [&](const Selection& selection) {
        if (selection.name == "node") edge[selection.response_key()] = run(connection.nodes[i], selection.selections);
        if (selection.name != "cursor") return;
        ++result.cost;
        edge[selection.response_key()] = make_cursor(connection.offset + i);
      });
      out.push_back(std::move(edge));
    }
    return out;
  }

  json::object page_info(const Connection& connection, const std::vector<Selection>& selections) {
    json::object out;
    const auto end = connection.offset + connection.nodes.size();
    const bool empty = connection.nodes.empty();
    each_field("PageInfo", selections, [&](const Selection& selection) {
      ++result.cost;
      auto& value = out[selection.response_key()];
      if (selection.name == "hasNextPage") value = end < connection.total;
      if (selection.name == "hasPreviousPage") value = connection.offset > 0;
      if (selection.name == "endCursor") value = empty ? json::value(nullptr) : json::value(make_cursor(end - 1));
      if (selection.name == "startCursor")
        value = empty ? json::value(nullptr) : json::value(make_cursor(connection.offset));
    });
    return out;
  }

  void fail(const Selection& selection, std::string message) {
    result.errors.push_back(json::object{
        {"message", std::move(message)},
        {"locations", json::array{json::object{{"line", selection.at.line}, {"column", selection.at.column}}}},
        {"path", json::array{selection.response_key()}}});
  }

  const Schema& schema_;
  const Document& document_;
  const json::object& variables_;
  Resolver& resolver_;
};

}  // namespace

Execution execute(const Schema& schema, const Document& document, const Operation& operation,
                  const json::object& variables, Resolver& resolver) {
  static const json::object kRoot;
  Executor executor(schema, document, variables, resolver);
  auto data = executor.run({operation.kind == "mutation" ? "Mutation" : "Query", &kRoot}, operation.selections);
  executor.result.data = std::move(data);
  return std::move(executor.result);
}

json::value execute_on(const Schema& schema, const Document& document, const Object& object, Resolver& resolver) {
  static const json::object kNoVariables;
  return Executor(schema, document, kNoVariables, resolver).run(object, document.operations.front().selections);
}

std::string make_cursor(std::size_t index) {
  return sdk::base64url_encode(std::to_string(index + 1));
}

std::optional<std::size_t> parse_cursor(std::string_view cursor) {
  const auto text = sdk::base64_decode(cursor);
  if (!text) return std::nullopt;
  std::size_t position = 0;
  const auto [end, code] = std::from_chars(text->data(), text->data() + text->size(), position);
  if (code != std::errc() || end != text->data() + text->size() || position == 0) return std::nullopt;
  return position - 1;
}

}  // namespace patchbay::sandbox::graphql
