// Opaque place in a sorted list: the sort key values and the id of the last row, for keyset pages.
#pragma once

#include "engine/resources/list_query.hpp"

namespace patchbay::resources {

/// base64url of the JSON array [sort, value, …, id]; values are SQL text forms with all their digits, null for NULL.
std::string make_cursor(const std::string& sort_text, const storage::Params& values);
/// The values for `query.sort`, or kInvalid "query.cursor" when it is damaged or of another sort order.
sdk::Result<storage::Params> parse_cursor(const ListQuery& query, std::string_view cursor);

}  // namespace patchbay::resources
