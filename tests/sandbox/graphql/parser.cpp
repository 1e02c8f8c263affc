#include "tests/sandbox/graphql/parser.hpp"

#include "tests/sandbox/graphql/token_cursor.hpp"

namespace patchbay::sandbox::graphql {
namespace {

class DocumentParser {
 public:
  explicit DocumentParser(std::vector<Token> tokens) : cursor_(std::move(tokens)) {}

  sdk::Result<Document> run() {
    Document document;
    if (cursor_.at_end()) cursor_.fail(cursor_.peek());
    while (!cursor_.at_end()) {
      if (cursor_.at_name("fragment")) {
        auto fragment = parse_fragment();
        document.fragments.insert_or_assign(fragment.name, std::move(fragment));
      } else {
        document.operations.push_back(parse_operation());
      }
    }
    if (cursor_.failed()) return cursor_.failure();
    return document;
  }

 private:
  Operation parse_operation() {
    Operation operation;
    operation.at = cursor_.peek().at;
    if (!cursor_.at("{")) {
      const auto token = cursor_.peek();
      operation.kind = cursor_.expect_name();
      if (operation.kind != "query" && operation.kind != "mutation" && operation.kind != "subscription")
        cursor_.fail(token);
      if (cursor_.peek().kind == Token::Kind::kName) operation.name = cursor_.next().text;
      if (cursor_.accept("(")) {
        while (!cursor_.at(")") && !cursor_.at_end()) operation.variables.push_back(parse_variable());
        cursor_.expect(")");
      }
      parse_directives();
    }
    operation.selections = parse_selections(0);
    return operation;
  }

  VariableDefinition parse_variable() {
    VariableDefinition variable;
    variable.at = cursor_.peek().at;
    cursor_.expect("$");
    variable.name = cursor_.expect_name();
    cursor_.expect(":");
    variable.type = cursor_.parse_type();
    if (cursor_.accept("=")) variable.fallback = cursor_.parse_value();
    parse_directives();
    return variable;
  }

  Fragment parse_fragment() {
    Fragment fragment;
    cursor_.next();
    fragment.name = cursor_.expect_name();
    if (!cursor_.at_name("on")) cursor_.fail(cursor_.peek());
    cursor_.next();
    fragment.type_condition = cursor_.expect_name();
    parse_directives();
    fragment.selections = parse_selections(0);
    return fragment;
  }

  std::vector<Selection> parse_selections(std::size_t depth) {
    std::vector<Selection> selections;
    if (depth > TokenCursor::kDepthMax) cursor_.fail(cursor_.peek());
    cursor_.expect("{");
    if (cursor_.at("}")) cursor_.fail(cursor_.peek());
    while (!cursor_.at("}") && !cursor_.at_end()) selections.push_back(parse_selection(depth));
    cursor_.expect("}");
    return selections;
  }

  Selection parse_selection(std::size_t depth) {
    Selection selection;
    selection.at = cursor_.peek().at;
    if (cursor_.accept("...")) {
      if (cursor_.peek().kind == Token::Kind::kName && !cursor_.at_name("on")) {
        selection.kind = Selection::Kind::kFragmentSpread;
        selection.name = cursor_.next().text;
        selection.directives = parse_directives();
        return selection;
      }
      selection.kind = Selection::Kind::kInlineFragment;
      if (cursor_.at_name("on")) {
        cursor_.next();
        selection.type_condition = cursor_.expect_name();
      }
      selection.directives = parse_directives();
      selection.selections = parse_selections(depth + 1);
      return selection;
    }
    selection.name = cursor_.expect_name();
    if (cursor_.accept(":")) {
      selection.alias = std::move(selection.name);
      selection.name = cursor_.expect_name();
    }
    selection.arguments = parse_arguments();
    selection.directives = parse_directives();
    if (cursor_.at("{")) selection.selections = parse_selections(depth + 1);
    return selection;
  }

  std::vector<Argument> parse_arguments() {
    std::vector<Argument> arguments;
    if (!cursor_.accept("(")) return arguments;
    while (!cursor_.at(")") && !cursor_.at_end()) {
      Argument argument;
      argument.at = cursor_.peek().at;
      argument.name = cursor_.expect_name();
      cursor_.expect(":");
      argument.value = cursor_.parse_value();
      arguments.push_back(std::move(argument));
    }
    cursor_.expect(")");
    return arguments;
  }

  std::vector<Directive> parse_directives() {
    std::vector<Directive> directives;
    while (cursor_.accept("@")) {
      Directive directive;
      directive.name = cursor_.expect_name();
      directive.arguments = parse_arguments();
      directives.push_back(std::move(directive));
    }
    return directives;
  }

  TokenCursor cursor_;
};

}  // namespace

sdk::Result<Document> parse_document(std::string_view source) {
  PATCHBAY_ASSIGN(auto tokens, tokenize(source));
  return DocumentParser(std::move(tokens)).run();
}

}  // namespace patchbay::sandbox::graphql
