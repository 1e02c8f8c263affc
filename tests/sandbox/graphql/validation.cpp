#include "tests/sandbox/graphql/validation.hpp"

#include "tests/sandbox/graphql/coercion.hpp"

#include <algorithm>

namespace patchbay::sandbox::graphql {
namespace {

constexpr std::size_t kErrorsMax = 50;
constexpr std::size_t kSelectionsMax = 20'000;

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

class Validator {
 public:
  Validator(const Schema& schema, const Document& document, const Operation& operation)
      : schema_(schema), document_(document), operation_(operation) {}

  json::array run() {
    path_.push_back(operation_.name.empty() ? operation_.kind : operation_.kind + " " + operation_.name);
    const auto* root = schema_.find(operation_.kind == "mutation" ? "Mutation" : "Query");
    if (operation_.kind == "subscription" || root == nullptr) {
      add("Schema is not configured for subscriptions", operation_.at, {});
      return std::move(errors_);
    }
    for (const auto& variable : operation_.variables) {
      if (schema_.find(variable.type.named()) == nullptr) {
        add(variable.type.named() + " isn't a defined input type (on $" + variable.name + ")", variable.at,
            {{"code", "variableRequiresValidType"},
             {"typeName", variable.type.named()},
             {"variableName", variable.name}});
      }
    }
    check_selections(*root, operation_.selections);
    for (const auto& variable : operation_.variables) {
      if (used_variables_.contains(variable.name)) continue;
      add("Variable $" + variable.name + " is declared by " +
              (operation_.name.empty() ? "anonymous query" : operation_.name) + " but not used",
          variable.at, {{"code", "variableNotUsed"}, {"variableName", variable.name}});
    }
    return std::move(errors_);
  }

 private:
  void add(std::string message, Location at, json::object extensions) {
    if (errors_.size() >= kErrorsMax) return;
    json::object error{{"message", std::move(message)},
                       {"locations", json::array{json::object{{"line", at.line}, {"column", at.column}}}},
                       {"path", json::array(path_.begin(), path_.end())}};
    if (!extensions.empty()) error["extensions"] = std::move(extensions);
    errors_.push_back(std::move(error));
  }

  void check_selections(const TypeDefinition& type, const std::vector<Selection>& selections) {
    for (const auto& selection : selections) {
      if (++visited_ > kSelectionsMax) return;
      for (const auto& directive : selection.directives) {
        for (const auto& argument : directive.arguments) note_variables(argument.value);
      }
      switch (selection.kind) {
        case Selection::Kind::kField:
          check_field(type, selection);
          break;
        case Selection::Kind::kInlineFragment:
          check_fragment(selection.type_condition, type, selection.selections, selection.at);
          break;
        case Selection::Kind::kFragmentSpread:
          check_spread(type, selection);
          break;
      }
    }
  }

  void check_spread(const TypeDefinition& type, const Selection& selection) {
    const auto fragment = document_.fragments.find(selection.name);
    if (fragment == document_.fragments.end()) {
      add("Fragment " + selection.name + " was used, but not defined", selection.at,
          {{"code", "useAndDefineFragment"}, {"fragmentName", selection.name}});
      return;
    }
    if (std::find(open_fragments_.begin(), open_fragments_.end(), selection.name) != open_fragments_.end()) {
      add("Fragment " + selection.name + " contains an infinite loop", selection.at,
          {{"code", "infiniteLoop"}, {"fragmentName", selection.name}});
      return;
    }
    open_fragments_.push_back(selection.name);
    check_fragment(fragment->second.type_condition, type, fragment->second.selections, selection.at);
    open_fragments_.pop_back();
  }

  void check_fragment(const std::string& condition, const TypeDefinition& around,
                      const std::vector<Selection>& selections, Location at) {
    const auto* type = condition.empty() ? &around : schema_.find(condition);
    if (type == nullptr || type->is_leaf()) {
      add("No such type " + condition + ", so it can't be a fragment condition", at,
          {{"code", "undefinedType"}, {"typeName", condition}});
      return;
    }
    if (!schema_.is_a(type->name, around.name) && !schema_.is_a(around.name, type->name)) {
      add("Fragment on " + type->name + " can't be spread inside " + around.name, at,
          {{"code", "cannotSpreadFragment"}, {"typeName", type->name}, {"parentName", around.name}});
      return;
    }
    check_selections(*type, selections);
  }

  void check_field(const TypeDefinition& type, const Selection& selection) {
    if (selection.name == "__typename") return;
    path_.push_back(selection.response_key());
    if (const auto* field = type.find_field(selection.name)) {
      check_arguments(type, *field, selection);
      check_leaf(*field, selection);
    } else {
      add("Field " + in_quotes(selection.name) + " doesn't exist on type " + in_quotes(type.name), selection.at,
          {{"code", "undefinedField"}, {"typeName", type.name}, {"fieldName", selection.name}});
    }
    path_.pop_back();
  }

  void check_leaf(const FieldDefinition& field, const Selection& selection) {
    const auto* type = schema_.find(field.type.named());
    if (type == nullptr) return;
    if (type->is_leaf() && !selection.selections.empty()) {
      add("Selections can't be made on scalars (field " + in_quotes(field.name) + " returns " + type->name +
              " but has selections)",
          selection.at,
          {{"code", "selectionMismatch"}, {"nodeName", "field " + in_quotes(field.name)}, {"typeName", type->name}});
    } else if (!type->is_leaf() && selection.selections.empty()) {
      add("Field must have selections (field " + in_quotes(field.name) + " returns " + type->name +
              " but has no selections. Did you mean '" + field.name + " { ... }'?)",
          selection.at,
          {{"code", "selectionMismatch"}, {"nodeName", "field " + in_quotes(field.name)}, {"typeName", type->name}});
    } else if (!type->is_leaf()) {
      check_selections(*type, selection.selections);
    }
  }

  void check_arguments(const TypeDefinition& type, const FieldDefinition& field, const Selection& selection) {
    for (const auto& argument : selection.arguments) {
      const auto* definition = field.find_argument(argument.name);
      if (definition == nullptr) {
        add("Field " + in_quotes(field.name) + " doesn't accept argument " + in_quotes(argument.name), argument.at,
            {{"code", "argumentNotAccepted"},
             {"name", field.name},
             {"typeName", "Field"},
             {"argumentName", argument.name}});
        note_variables(argument.value);
        continue;
      }
      check_value(field, argument, definition->type);
    }
    std::string missing;
    for (const auto& argument : field.arguments) {
      if (!argument.type.required || argument.fallback || selection.find_argument(argument.name) != nullptr) continue;
      missing += (missing.empty() ? "" : ", ") + argument.name;
    }
    if (!missing.empty()) {
      add("Field " + in_quotes(field.name) + " is missing required arguments: " + missing, selection.at,
          {{"code", "missingRequiredArguments"},
           {"className", type.name},
           {"name", field.name},
           {"arguments", missing}});
    }
  }

  void check_value(const FieldDefinition& field, const Argument& argument, const TypeReference& type) {
    note_variables(argument.value);
    if (argument.value.kind == Value::Kind::kVariable) return check_variable(argument, type);
    if (has_variables(argument.value)) return;  // checked when the variables have their values
    const auto coerced = coerce_literal(schema_, type, argument.value, {});
    if (coerced.ok()) return;
    add("Argument " + in_quotes(argument.name) + " on Field " + in_quotes(field.name) + " has an invalid value (" +
            argument.value.source() + "). Expected type " + in_quotes(type.source()) + ".",
        argument.at,
        {{"code", "argumentLiteralsIncompatible"}, {"typeName", "Field"}, {"argumentName", argument.name}});
  }

  void check_variable(const Argument& argument, const TypeReference& type) {
    for (const auto& variable : operation_.variables) {
      if (variable.name != argument.value.text) continue;
      const bool nullable_for_required = type.required && !variable.type.required && !variable.fallback;
      if (variable.type.named() == type.named() && !nullable_for_required) return;
      add("Type mismatch on variable $" + variable.name + " and argument " + argument.name + " (" +
              variable.type.source() + " / " + type.source() + ")",
          argument.at,
          {{"code", "variableMismatch"},
           {"variableName", variable.name},
           {"typeName", variable.type.source()},
           {"argumentName", argument.name},
           {"errorMessage", "Type mismatch"}});
      return;
    }
  }

  static bool has_variables(const Value& value) {
    if (value.kind == Value::Kind::kVariable) return true;
    return std::any_of(value.items.begin(), value.items.end(), has_variables) ||
           std::any_of(value.members.begin(), value.members.end(),
                       [](const auto& member) { return has_variables(member.second); });
  }

  void note_variables(const Value& value) {
    if (value.kind == Value::Kind::kVariable) {
      const bool declared =
          std::any_of(operation_.variables.begin(), operation_.variables.end(),
                      [&](const VariableDefinition& variable) { return variable.name == value.text; });
      if (!declared && used_variables_.insert(value.text).second) {
        add("Variable $" + value.text + " is used by " +
                (operation_.name.empty() ? "anonymous query" : operation_.name) + " but not declared",
            value.at, {{"code", "variableNotDefined"}, {"variableName", value.text}});
      }
      used_variables_.insert(value.text);
    }
    for (const auto& item : value.items) note_variables(item);
    for (const auto& [name, member] : value.members) note_variables(member);
  }

  const Schema& schema_;
  const Document& document_;
  const Operation& operation_;
  json::array errors_;
  std::vector<std::string> path_;
  std::vector<std::string> open_fragments_;
  std::set<std::string> used_variables_;
  std::size_t visited_ = 0;
};

}  // namespace

json::array validate(const Schema& schema, const Document& document, const Operation& operation) {
  return Validator(schema, document, operation).run();
}

sdk::Result<json::object> coerce_variables(const Schema& schema, const Operation& operation, const json::object& given,
                                           json::array& errors) {
  json::object variables;
  for (const auto& variable : operation.variables) {
    const auto* value = given.if_contains(variable.name);
    if (value == nullptr) {
      if (variable.fallback) {
        variables[variable.name] = literal_json(*variable.fallback);
        continue;
      }
      if (!variable.type.required) continue;
    }
    const auto coerced = coerce_json(schema, variable.type, value == nullptr ? json::value(nullptr) : *value);
    if (coerced.ok()) {
      variables[variable.name] = *coerced;
      continue;
    }
    const auto field = coerced.error().field.value_or("");
    std::string message =
        "Variable $" + variable.name + " of type " + variable.type.source() + " was provided invalid value";
    if (!field.empty()) message += " for " + field + " (" + coerced.error().message + ")";
    json::object problem{{"path", field.empty() ? json::array() : json::array{field}},
                         {"explanation", coerced.error().message}};
    errors.push_back(json::object{
        {"message", message},
        {"locations", json::array{json::object{{"line", variable.at.line}, {"column", variable.at.column}}}},
        {"extensions", json::object{{"value", value == nullptr ? json::value(nullptr) : *value},
                                    {"problems", json::array{problem}}}}});
  }
  if (!errors.empty()) return sdk::invalid_error("graphql.variables", "invalid variables");
  return variables;
}

}  // namespace patchbay::sandbox::graphql
