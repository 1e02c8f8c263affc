#include "json_repair.hpp"

#include <algorithm>

namespace patchbay::sdk::detail {
namespace {

constexpr std::size_t kEscapeLength = 6;       // \uXXXX
constexpr std::size_t kExponentDigitsMax = 5;  // 1e99999 is still read (and kept as text by the reader)

int hex_value(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

/// The code unit of the escape \uXXXX at the start of `text`, or -1.
int unicode_escape(std::string_view text) {
  if (text.size() < kEscapeLength || text[0] != '\\' || text[1] != 'u') return -1;
  int unit = 0;
  for (std::size_t index = 2; index < kEscapeLength; ++index) {
    const int digit = hex_value(text[index]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool is_leading(int unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}
bool is_trailing(int unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

bool is_number_character(char character) {
  return (character >= '0' && character <= '9') || character == '-' || character == '+' || character == '.' ||
         character == 'e' || character == 'E';
}

bool has_endless_exponent(std::string_view number) {
  const auto mark = number.find_first_of("eE");
  if (mark == std::string_view::npos) return false;
  std::string_view digits = number.substr(mark + 1);
  if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) digits.remove_prefix(1);
  const bool whole = !digits.empty() &&
                     std::all_of(digits.begin(), digits.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
  return whole && digits.size() > kExponentDigitsMax;
}

/// Copies a document piece by piece; a piece that needs no repair is copied as it is.
class Repairer {
 public:
  Repairer(std::string_view text, JsonRepairs& repairs) : text_(text), repairs_(repairs) {}

  std::optional<std::string> run() {
    while (position_ < text_.size()) {
      const char character = text_[position_];
      if (character == '"') {
        ++position_;
        repair_string();
      } else if (character == '-' || (character >= '0' && character <= '9')) {
        repair_number();
      } else {
        ++position_;
      }
    }
    if (copied_ == 0) return std::nullopt;
    result_.append(text_.substr(copied_));
    return std::move(result_);
  }

 private:
  void repair_string() {
    while (position_ < text_.size()) {
      static constexpr std::string_view kStops("\"\\\0", 3);
      position_ = std::min(text_.find_first_of(kStops, position_), text_.size());
      if (position_ == text_.size()) return;
      if (text_[position_] == '"') {
        ++position_;
        return;
      }
      if (text_[position_] == '\0') {
        ++repairs_.nul_characters;
        replace(1, kReplacementCharacter);
      } else {
        repair_escape();
      }
    }
  }

  void repair_escape() {
    const int unit = unicode_escape(text_.substr(position_));
    if (is_leading(unit) && is_trailing(unicode_escape(text_.substr(position_ + kEscapeLength)))) {
      position_ += 2 * kEscapeLength;
    } else if (is_leading(unit) || is_trailing(unit)) {
      ++repairs_.lone_surrogates;
      replace(kEscapeLength, kReplacementCharacter);
    } else {
      position_ = std::min(position_ + 2, text_.size());
    }
  }

  void repair_number() {
    std::size_t end = position_;
    while (end < text_.size() && is_number_character(text_[end])) ++end;
    const std::string_view number = text_.substr(position_, end - position_);
    if (!has_endless_exponent(number)) {
      position_ = end;
      return;
    }
    ++repairs_.oversized_numbers;
    std::string quoted;
    quoted.append(1, '"').append(number).append(1, '"');
    replace(number.size(), quoted);
  }

  void replace(std::size_t length, std::string_view by) {
    result_.append(text_.substr(copied_, position_ - copied_));
    result_.append(by);
    position_ += length;
    copied_ = position_;
  }

  const std::string_view text_;
  JsonRepairs& repairs_;
  std::string result_;
  std::size_t position_ = 0;
  std::size_t copied_ = 0;
};

}  // namespace

std::optional<std::string> repair_json(std::string_view text, JsonRepairs& repairs) {
  return Repairer(text, repairs).run();
}

}  // namespace patchbay::sdk::detail
