#include "tests/sandbox/graphql/token_cursor.hpp"

namespace patchbay::sandbox::graphql {

Value TokenCursor::parse_value(std::size_t depth) {
  Value value;
  value.at = peek().at;
  if (depth > kDepthMax) {
    fail(peek());
  } else if (accept("$")) {
    value.kind = Value::Kind::kVariable;
    value.text = expect_name();
  } else if (accept("[")) {
    value.kind = Value::Kind::kList;
    while (!at("]") && !at_end()) value.items.push_back(parse_value(depth + 1));
    expect("]");
  } else if (accept("{")) {
    value.kind = Value::Kind::kObject;
    while (!at("}") && !at_end()) {
      auto name = expect_name();
      expect(":");
      value.members.emplace_back(std::move(name), parse_value(depth + 1));
    }
    expect("}");
  } else {
    const auto token = next();
    value.text = token.text;
    switch (token.kind) {
      case Token::Kind::kInteger:
        value.kind = Value::Kind::kInteger;
        break;
      case Token::Kind::kFloat:
        value.kind = Value::Kind::kFloat;
        break;
      case Token::Kind::kString:
        value.kind = Value::Kind::kString;
        break;
      case Token::Kind::kName:
        value.kind = token.text == "true" || token.text == "false" ? Value::Kind::kBoolean
                     : token.text == "null"                        ? Value::Kind::kNull
                                                                   : Value::Kind::kEnum;
        break;
      default:
        fail(token);
    }
  }
  return value;
}

TypeReference TokenCursor::parse_type(std::size_t depth) {
  TypeReference type;
  if (depth > kDepthMax) {
    fail(peek());
  } else if (accept("[")) {
    type.item = std::make_shared<const TypeReference>(parse_type(depth + 1));
    expect("]");
  } else {
    type.name = expect_name();
  }
  type.required = accept("!");
  return type;
}

}  // namespace patchbay::sandbox::graphql
