#pragma once

#include "tests/sandbox/graphql/document.hpp"

#include <patchbay/sdk/result.hpp>

namespace patchbay::sandbox::graphql {

struct Token {
  enum class Kind { kEnd, kPunctuator, kName, kInteger, kFloat, kString };
  Kind kind = Kind::kEnd;
  std::string text;  // of a string: its characters, escapes resolved
  Location at;
};

inline constexpr std::size_t kSourceBytesMax = 512 * 1024;
inline constexpr std::size_t kTokensMax = 50'000;

/// All tokens and a final kEnd. The error names line and column.
sdk::Result<std::vector<Token>> tokenize(std::string_view source);

}  // namespace patchbay::sandbox::graphql
