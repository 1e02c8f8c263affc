#include "tests/sandbox/graphql/schema.hpp"

#include "tests/sandbox/graphql/token_cursor.hpp"

#include <algorithm>

namespace patchbay::sandbox::graphql {
namespace {

template <typename Items>
auto find_named(const Items& items, std::string_view name) -> decltype(&items.front()) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

class SchemaParser {
 public:
  explicit SchemaParser(std::vector<Token> tokens) : cursor_(std::move(tokens)) {}

  sdk::Result<std::vector<TypeDefinition>> run() {
    std::vector<TypeDefinition> types;
    while (!cursor_.at_end()) types.push_back(parse_definition());
    if (cursor_.failed()) return cursor_.failure();
    return types;
  }

 private:
  TypeDefinition parse_definition() {
    if (cursor_.peek().kind == Token::Kind::kString) cursor_.next();  // a description
    const auto token = cursor_.peek();
    const auto keyword = cursor_.expect_name();
    TypeDefinition type;
    type.name = cursor_.expect_name();
    if (keyword == "type" || keyword == "interface") {
      type.kind = keyword == "type" ? TypeDefinition::Kind::kObject : TypeDefinition::Kind::kInterface;
      parse_object(type);
    } else if (keyword == "input") {
      type.kind = TypeDefinition::Kind::kInput;
      type.inputs = parse_inputs("{", "}");
    } else if (keyword == "enum") {
      type.kind = TypeDefinition::Kind::kEnum;
      cursor_.expect("{");
      while (!cursor_.at("}") && !cursor_.at_end()) type.values.insert(cursor_.expect_name());
      cursor_.expect("}");
    } else if (keyword != "scalar") {
      cursor_.fail(token);
    }
    return type;
  }

  void parse_object(TypeDefinition& type) {
    if (cursor_.at_name("implements")) {
      cursor_.next();
      do type.interfaces.insert(cursor_.expect_name());
      while (cursor_.accept("&"));
    }
    cursor_.expect("{");
    while (!cursor_.at("}") && !cursor_.at_end()) {
      FieldDefinition field;
      field.name = cursor_.expect_name();
      if (cursor_.at("(")) field.arguments = parse_inputs("(", ")");
      cursor_.expect(":");
      field.type = cursor_.parse_type();
      type.fields.push_back(std::move(field));
    }
    cursor_.expect("}");
  }

  std::vector<InputField> parse_inputs(std::string_view open, std::string_view close) {
    std::vector<InputField> inputs;
    cursor_.expect(open);
    while (!cursor_.at(close) && !cursor_.at_end()) {
      InputField input;
      input.name = cursor_.expect_name();
      cursor_.expect(":");
      input.type = cursor_.parse_type();
      if (cursor_.accept("=")) input.fallback = cursor_.parse_value();
      inputs.push_back(std::move(input));
    }
    cursor_.expect(close);
    return inputs;
  }

  TokenCursor cursor_;
};

}  // namespace

const InputField* FieldDefinition::find_argument(std::string_view argument) const {
  return find_named(arguments, argument);
}
const FieldDefinition* TypeDefinition::find_field(std::string_view field) const {
  return find_named(fields, field);
}
const InputField* TypeDefinition::find_input(std::string_view input) const {
  return find_named(inputs, input);
}

const TypeDefinition* Schema::find(std::string_view type) const {
  const auto found = types_.find(type);
  return found == types_.end() ? nullptr : &found->second;
}

bool Schema::is_a(std::string_view object, std::string_view type) const {
  if (object == type) return true;
  const auto* definition = find(object);
  return definition != nullptr && definition->interfaces.contains(type);
}

std::vector<std::string> Schema::dangling_types() const {
  std::vector<std::string> missing;
  const auto check = [&](const std::string& where, const TypeReference& type) {
    if (find(type.named()) == nullptr) missing.push_back(where + ": " + type.named());
  };
  for (const auto& [name, type] : types_) {
    for (const auto& field : type.fields) {
      check(name + "." + field.name, field.type);
      for (const auto& argument : field.arguments)
        check(name + "." + field.name + "(" + argument.name + ")", argument.type);
    }
    for (const auto& input : type.inputs) check(name + "." + input.name, input.type);
  }
  return missing;
}

sdk::Result<Schema> parse_schema(std::string_view source) {
  PATCHBAY_ASSIGN(auto tokens, tokenize(source));
  PATCHBAY_ASSIGN(auto types, SchemaParser(std::move(tokens)).run());
  Schema schema;
  for (const auto* builtin : {"Int", "Float", "String", "Boolean", "ID"}) schema.types_[builtin].name = builtin;
  for (auto& type : types) {
    auto name = type.name;
    schema.types_.insert_or_assign(std::move(name), std::move(type));
  }
  return schema;
}

}  // namespace patchbay::sandbox::graphql
