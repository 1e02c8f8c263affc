// Stripe's lists: newest first, cursors by id, limit 1 to 100. A page costs the page, not the table.
#pragma once

#include "tests/sandbox/stripe/account.hpp"

#include <functional>

namespace patchbay::sandbox::stripe {

struct ListRule {
  std::string_view kind;
  std::string_view url;
  std::vector<std::string_view> equals;  // parameters compared with the member of the same name
  std::function<bool(const json::object&)> keep = {};
};

/// Reads limit, starting_after, ending_before, created and the rule's filters.
Answer list_objects(const Account& account, const ListRule& rule, Params& params);

}  // namespace patchbay::sandbox::stripe
