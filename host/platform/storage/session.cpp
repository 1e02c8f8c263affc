#include "platform/storage/session.hpp"

#include <charconv>
#include <stdexcept>

namespace patchbay::storage {
namespace {

void append_quoted(std::string& literal, std::string_view element) {
  literal += '"';
  for (const char character : element) {
    if (character == '"' || character == '\\') literal += '\\';
    literal += character;
  }
  literal += '"';
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

Param Param::of_bytes(std::string bytes) {
  Param param(std::move(bytes));
  param.is_bytes_ = true;
  return param;
}

std::string array_literal(const std::vector<Param>& elements) {
  std::string literal = "{";
  for (const auto& element : elements) {
    if (literal.size() > 1) literal += ',';
    if (element) {
      append_quoted(literal, *element);
    } else {
      literal += "NULL";
    }
  }
  return literal += '}';
}

std::string array_literal(const std::vector<std::string>& elements) {
  std::string literal = "{";
  for (const auto& element : elements) {
    if (literal.size() > 1) literal += ',';
    append_quoted(literal, element);
  }
  return literal += '}';
}

std::string bytea_literal(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string literal = "\\x";
  literal.reserve(2 + bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    literal += kDigits[value >> 4];
    literal += kDigits[value & 15];
  }
  return literal;
}

sdk::Result<std::string> decode_bytea(std::string_view text) {
  const auto malformed = [] { return sdk::invalid_error("storage.bytea", "The value is not a bytea in hex form."); };
  if (!text.starts_with("\\x") || text.size() % 2 != 0) return malformed();
  std::string bytes;
  bytes.reserve(text.size() / 2 - 1);
  for (std::size_t index = 2; index < text.size(); index += 2) {
    const int high = hex_value(text[index]);
    const int low = hex_value(text[index + 1]);
    if (high < 0 || low < 0) return malformed();
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::size_t Rows::size() const {
  return columns_.empty() ? 0 : cells_.size() / columns_.size();
}

std::size_t Rows::column(std::string_view name) const {
  for (std::size_t index = 0; index < columns_.size(); ++index) {
    if (columns_[index] == name) return index;
  }
  throw std::out_of_range("no column named " + std::string(name));
}

std::optional<std::string_view> Rows::at(std::size_t row, std::size_t column) const {
  if (column >= columns_.size()) throw std::out_of_range("column index out of range");
  const auto& [offset, length] = cells_.at(row * columns_.size() + column);
  if (length < 0) return std::nullopt;
  return std::string_view(arena_).substr(offset, static_cast<std::size_t>(length));
}

std::optional<std::string_view> Rows::at(std::size_t row, std::string_view column_name) const {
  return at(row, column(column_name));
}

std::string Rows::text(std::size_t row, std::string_view column_name) const {
  return std::string(at(row, column_name).value_or(std::string_view()));
}

std::int64_t Rows::integer(std::size_t row, std::string_view column_name) const {
  const std::string_view text = at(row, column_name).value_or("0");
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::out_of_range("column " + std::string(column_name) + " is not an integer");
  }
  return value;
}

bool Rows::boolean(std::size_t row, std::string_view column_name) const {
  return at(row, column_name) == "t";
}

sdk::Result<void> Session::run_script(std::string_view) {
  return sdk::permanent_error("storage.unsupported", "This session runs single statements only.");
}

}  // namespace patchbay::storage
