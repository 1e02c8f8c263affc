// The query of a list that is not of entities: newest first, by cursor, with a few filters.
#pragma once

#include "platform/http/message.hpp"

#include <patchbay/sdk/result.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchbay::gateway {

/// A filter that a list knows.
struct ListFilter {
  enum class Kind { kText, kId, kWord };
  std::string name;
  Kind kind = Kind::kText;
  std::vector<std::string> words;  // of kWord
};

struct ListPage {
  std::size_t page_size = 20;
  std::string cursor;  // id of the last row of the page before; empty: the first page
  std::vector<std::pair<std::string, std::string>> filters;  // name → value, checked
  /// The value of a filter, or empty.
  std::string filter(std::string_view name) const;
};

/// kInvalid naming the parameter that is unknown, malformed or out of its bounds; an empty value is as none.
sdk::Result<ListPage> parse_list_page(const http::Request& request, const std::vector<ListFilter>& filters);

// What lists of entities ask of their parameters in the same words.
/// A number from 1 to `most`, or kInvalid "query.number".
sdk::Result<std::size_t> parse_count(const std::string& name, std::string_view text, std::size_t most);
/// kInvalid "query.unknown_parameter", with the nearest name that is known.
sdk::Error unknown_parameter(const std::string& name, const std::vector<std::string>& known);
/// What entity lists and these have in common: rows of a page at most.
inline constexpr std::size_t kPageSizeMax = 200;

}  // namespace patchbay::gateway
