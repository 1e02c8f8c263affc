// A request's body against the description: every mistake at once.
#pragma once

#include "engine/policy/policy.hpp"
#include "engine/resources/description.hpp"
#include "engine/resources/sql.hpp"

#include <patchbay/sdk/json.hpp>

#include <string>
#include <vector>

namespace patchbay::resources {

/// The values of a body, in SQL text form.
struct ValidatedBody {
  std::vector<sql::ColumnValue> values;
  const sql::ColumnValue* find(std::string_view field_name) const;
};

struct ValidationRules {
  bool creating = false;
  bool allow_read_only = false;  // the hub's own changes
  std::string currency;          // of the row so far; empty: the description's default
  std::string phone_region = "US";
  const policy::Policy* policy = nullptr;  // with `principal`: who may write which field
  const policy::Principal* principal = nullptr;
};

/// Checks `body` and appends every mistake to `errors` (kInvalid with field; kPermanent "policy.forbidden" for a field
/// the principal may not write). On create, defaults are filled in and missing required fields are mistakes.
ValidatedBody validate(const ResourceDescription& description, const sdk::json::object& body,
                       const ValidationRules& rules, std::vector<sdk::Error>& errors);

/// The default currency of a kind ("USD" where it has none).
std::string default_currency(const ResourceDescription& description);
/// What a NOT NULL column without a value gets: the field's default, or an empty list or object.
storage::Param default_text(const Field& field);

}  // namespace patchbay::resources
