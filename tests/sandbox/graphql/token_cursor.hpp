// Walks tokens for the recursive-descent parsers. After the first failure every token is the end, so that all loops
// end.
#pragma once

#include "tests/sandbox/graphql/lexer.hpp"

namespace patchbay::sandbox::graphql {

class TokenCursor {
 public:
  explicit TokenCursor(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& peek() const { return tokens_[failure_ ? tokens_.size() - 1 : position_]; }
  bool at_end() const { return peek().kind == Token::Kind::kEnd; }
  bool at(std::string_view punctuator) const {
    return peek().kind == Token::Kind::kPunctuator && peek().text == punctuator;
  }
  bool at_name(std::string_view name) const { return peek().kind == Token::Kind::kName && peek().text == name; }

  Token next() {
    Token token = peek();
    if (!failure_ && position_ + 1 < tokens_.size()) ++position_;
    return token;
  }
  bool accept(std::string_view punctuator) {
    if (!at(punctuator)) return false;
    next();
    return true;
  }
  void expect(std::string_view punctuator) {
    if (!accept(punctuator)) fail(peek());
  }
  std::string expect_name() {
    if (peek().kind != Token::Kind::kName) {
      fail(peek());
      return {};
    }
    return next().text;
  }
  void fail(const Token& token) {
    if (failure_) return;
    const auto shown = token.kind == Token::Kind::kEnd ? std::string("end of file") : "\"" + token.text + "\"";
    failure_ = sdk::invalid_error("graphql.parse", "Parse error on " + shown + " at [" + std::to_string(token.at.line) +
                                                       ", " + std::to_string(token.at.column) + "]");
  }
  bool failed() const { return failure_.has_value(); }
  const sdk::Error& failure() const { return *failure_; }

  /// Literals and type references are the same in documents and in schemas.
  Value parse_value(std::size_t depth = 0);
  TypeReference parse_type(std::size_t depth = 0);

  static constexpr std::size_t kDepthMax = 40;

 private:
  std::vector<Token> tokens_;
  std::size_t position_ = 0;
  std::optional<sdk::Error> failure_;
};

}  // namespace patchbay::sandbox::graphql
