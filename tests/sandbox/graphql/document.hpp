// A GraphQL document as parsed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::sandbox::graphql {

struct Location {
  int line = 1;
  int column = 1;
};

struct Value {
  enum class Kind { kNull, kVariable, kInteger, kFloat, kString, kBoolean, kEnum, kList, kObject };
  Kind kind = Kind::kNull;
  std::string text;  // name of a variable or enum value, digits, characters, "true"
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;
  Location at;

  const Value* find_member(std::string_view name) const;
  std::string source() const;  // as written
};

struct TypeReference {
  std::string name;                           // of a named type
  std::shared_ptr<const TypeReference> item;  // of a list type
  bool required = false;

  bool is_list() const { return item != nullptr; }
  /// The named type inside all lists.
  const std::string& named() const { return item ? item->named() : name; }
  std::string source() const;  // "[Email!]!"
};

struct Argument {
  std::string name;
  Value value;
  Location at;
};

struct Directive {
  std::string name;
  std::vector<Argument> arguments;
};

struct Selection {
  enum class Kind { kField, kFragmentSpread, kInlineFragment };
  Kind kind = Kind::kField;
  std::string alias;
  std::string name;            // of the field or the fragment
  std::string type_condition;  // of an inline fragment; may be empty
  std::vector<Argument> arguments;
  std::vector<Directive> directives;
  std::vector<Selection> selections;
  Location at;

  const std::string& response_key() const { return alias.empty() ? name : alias; }
  const Argument* find_argument(std::string_view argument) const;
};

struct VariableDefinition {
  std::string name;
  TypeReference type;
  std::optional<Value> fallback;
  Location at;
};

struct Operation {
  std::string kind = "query";  // query | mutation | subscription
  std::string name;
  std::vector<VariableDefinition> variables;
  std::vector<Selection> selections;
  Location at;
};

struct Fragment {
  std::string name;
  std::string type_condition;
  std::vector<Selection> selections;
};

struct Document {
  std::vector<Operation> operations;
  std::map<std::string, Fragment> fragments;
};

/// The operation of that name; the only one where the name is empty; nullptr otherwise.
const Operation* find_operation(const Document& document, std::string_view name);

}  // namespace patchbay::sandbox::graphql
