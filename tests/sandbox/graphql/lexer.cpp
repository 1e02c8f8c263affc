#include "tests/sandbox/graphql/lexer.hpp"

#include <array>
#include <cctype>

namespace patchbay::sandbox::graphql {
namespace {

bool is_name_start(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}

void append_utf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  sdk::Result<std::vector<Token>> run() {
    while (skip_ignored()) {
      if (tokens_.size() >= kTokensMax) return failure("too many tokens");
      if (!read_token()) return failure("Unexpected character");
    }
    tokens_.push_back(Token{Token::Kind::kEnd, "", at_});
    return std::move(tokens_);
  }

 private:
  sdk::Error failure(const std::string& what) const {
    return sdk::invalid_error("graphql.parse", "Parse error on " + std::string(source_.substr(position_, 1)) + ": " +
                                                   what + " at [" + std::to_string(at_.line) + ", " +
                                                   std::to_string(at_.column) + "]");
  }

  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }

  void advance(std::size_t count = 1) {
    for (std::size_t i = 0; i < count && position_ < source_.size(); ++i, ++position_) {
      if (source_[position_] == '\n') {
        ++at_.line;
        at_.column = 1;
      } else {
        ++at_.column;
      }
    }
  }

  /// Blanks, commas, comments and a byte order mark; false at the end.
  bool skip_ignored() {
    while (position_ < source_.size()) {
      const char c = peek();
      if (c == '#') {
        while (position_ < source_.size() && peek() != '\n') advance();
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',') {
        advance();
      } else if (source_.substr(position_).starts_with("\xEF\xBB\xBF")) {
        advance(3);
      } else {
        return true;
      }
    }
    return false;
  }

  bool read_token() {
    const char c = peek();
    const Location at = at_;
    if (source_.substr(position_).starts_with("...")) {
      advance(3);
      tokens_.push_back({Token::Kind::kPunctuator, "...", at});
      return true;
    }
    if (std::string_view("!$&()[]{}:=@|").find(c) != std::string_view::npos) {
      advance();
      tokens_.push_back({Token::Kind::kPunctuator, std::string(1, c), at});
      return true;
    }
    if (is_name_start(c)) {
      std::size_t length = 1;
      while (is_name_part(peek(length))) ++length;
      tokens_.push_back({Token::Kind::kName, std::string(source_.substr(position_, length)), at});
      advance(length);
      return true;
    }
    if (c == '-' || is_digit(c)) return read_number(at);
    return c == '"' && (source_.substr(position_).starts_with("\"\"\"") ? read_block_string(at) : read_string(at));
  }

  bool read_number(Location at) {
    std::size_t length = peek() == '-' ? 1 : 0;
    const auto digits = [&] {
      const auto from = length;
      while (is_digit(peek(length))) ++length;
      return length > from;
    };
    bool is_float = false;
    if (!digits()) return false;
    if (peek(length) == '.') {
      ++length;
      is_float = true;
      if (!digits()) return false;
    }
    if (peek(length) == 'e' || peek(length) == 'E') {
      ++length;
      is_float = true;
      if (peek(length) == '+' || peek(length) == '-') ++length;
      if (!digits()) return false;
    }
    if (is_name_start(peek(length))) return false;
    tokens_.push_back(
        {is_float ? Token::Kind::kFloat : Token::Kind::kInteger, std::string(source_.substr(position_, length)), at});
    advance(length);
    return true;
  }

  bool read_escape(std::string& text) {
    advance();
    const char c = peek();
    static constexpr std::string_view kEscapes = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const auto place = kEscapes.find(c); place != std::string_view::npos) {
      text += kMeanings[place];
      advance();
      return true;
    }
    if (c != 'u') return false;
    unsigned code = 0;
    for (std::size_t i = 1; i <= 4; ++i) {
      const char digit = peek(i);
      if (std::isxdigit(static_cast<unsigned char>(digit)) == 0) return false;
      code = code * 16 + static_cast<unsigned>(is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    if (code >= 0xD800 && code <= 0xDFFF) code = 0xFFFD;
    append_utf8(text, code);
    advance(5);
    return true;
  }

  bool read_string(Location at) {
    std::string text;
    advance();
    while (peek() != '"') {
      if (position_ >= source_.size() || peek() == '\n') return false;
      if (peek() == '\\') {
        if (!read_escape(text)) return false;
      } else {
        text += peek();
        advance();
      }
    }
    advance();
    tokens_.push_back({Token::Kind::kString, std::move(text), at});
    return true;
  }

  bool read_block_string(Location at) {
    advance(3);
    const auto end = source_.find("\"\"\"", position_);
    if (end == std::string_view::npos) return false;
    tokens_.push_back({Token::Kind::kString, std::string(source_.substr(position_, end - position_)), at});
    advance(end - position_ + 3);
    return true;
  }

  std::string_view source_;
  std::size_t position_ = 0;
  Location at_;
  std::vector<Token> tokens_;
};

}  // namespace

sdk::Result<std::vector<Token>> tokenize(std::string_view source) {
  if (source.size() > kSourceBytesMax) return sdk::invalid_error("graphql.parse", "The document is too long");
  return Lexer(source).run();
}

}  // namespace patchbay::sandbox::graphql
