// The types of a service, read from its schema definition language.
#pragma once

#include "tests/sandbox/graphql/document.hpp"

#include <patchbay/sdk/result.hpp>

#include <set>

namespace patchbay::sandbox::graphql {

struct InputField {
  std::string name;
  TypeReference type;
  std::optional<Value> fallback;
};

struct FieldDefinition {
  std::string name;
  TypeReference type;
  std::vector<InputField> arguments;

  const InputField* find_argument(std::string_view argument) const;
};

struct TypeDefinition {
  enum class Kind { kScalar, kObject, kInterface, kInput, kEnum };
  Kind kind = Kind::kScalar;
  std::string name;
  std::vector<FieldDefinition> fields;            // objects and interfaces
  std::vector<InputField> inputs;                 // input objects
  std::set<std::string, std::less<>> values;      // enums
  std::set<std::string, std::less<>> interfaces;  // of an object

  const FieldDefinition* find_field(std::string_view field) const;
  const InputField* find_input(std::string_view input) const;
  bool is_leaf() const { return kind == Kind::kScalar || kind == Kind::kEnum; }
  bool is_connection() const { return name.ends_with("Connection"); }
};

class Schema {
 public:
  /// nullptr for an unknown type. Int, Float, String, Boolean and ID are always there.
  const TypeDefinition* find(std::string_view type) const;
  /// Whether an object of type `object` is also a `type` (itself or its interface).
  bool is_a(std::string_view object, std::string_view type) const;
  /// Every type that a field, argument or input names exists. Empty: sound.
  std::vector<std::string> dangling_types() const;

 private:
  friend sdk::Result<Schema> parse_schema(std::string_view source);
  std::map<std::string, TypeDefinition, std::less<>> types_;
};

sdk::Result<Schema> parse_schema(std::string_view source);

}  // namespace patchbay::sandbox::graphql
