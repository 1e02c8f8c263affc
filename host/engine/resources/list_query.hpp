// What a list is asked for, checked against the description: nothing of the caller's text reaches SQL except as a
// parameter.
#pragma once

#include "engine/gateway/list_page.hpp"
#include "engine/resources/description.hpp"
#include "platform/storage/session.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace patchbay::resources {

enum class Operator { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kNull, kNotNull };

struct Condition {
  const Field* field = nullptr;
  Operator op = Operator::kEqual;
  std::vector<std::string> values;  // SQL text form, already checked
};

struct SortKey {
  const Field* field = nullptr;
  bool descending = false;
  bool operator==(const SortKey&) const = default;
};

struct ListQuery {
  enum class Count { kDefault, kExact, kNone };

  std::vector<Condition> conditions;
  std::vector<std::string> search_words;
  std::vector<SortKey> sort;
  std::string sort_text;  // as asked or the default; part of the cursor
  bool by_cursor = false;
  storage::Params after;  // one for each sort key and the id; empty: from the start
  std::optional<std::string> updated_since;
  std::size_t page = 1;
  std::size_t page_size = 20;
  Count count = Count::kDefault;

  std::size_t offset() const { return by_cursor ? 0 : (page - 1) * page_size; }
  /// Whether its cost is that of an index page: such lists may run on an I/O thread's connection.
  bool cheap() const { return search_words.empty() && offset() <= 2'000 && count != Count::kExact; }
};

using gateway::kPageSizeMax;

/// Reads the query string. All mistakes at once in `errors`; unknown names come with the nearest known one.
/// `phone_region` is assumed for phone numbers without a country.
std::optional<ListQuery> parse_list_query(const ResourceDescription& description,
                                          const std::vector<std::pair<std::string, std::string>>& parameters,
                                          std::string_view phone_region, std::vector<sdk::Error>& errors);

/// A described field by either name, or one that every entity has (id, version, createdAt, updatedAt); nullptr:
/// unknown.
const Field* find_queryable(const ResourceDescription& description, std::string_view name);

}  // namespace patchbay::resources
