// QuickBooks' query language: one entity, conditions joined by AND, no projections.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace patchbay::quickbooks {

inline constexpr std::uint32_t kMaxResults = 1000;  // of one query, and of one CDC answer

/// 'O\'Brien': the backslash is the escape character.
std::string literal(std::string_view text);

struct Statement {
  std::string entity;  // "Customer": case matters
  std::vector<std::string> conditions;
  std::string order_by;
  std::uint64_t start_position = 1;  // counts from 1
  std::uint32_t max_results = kMaxResults;

  std::string text() const;
  /// The same rows, counted.
  std::string count_text() const;
};

}  // namespace patchbay::quickbooks
