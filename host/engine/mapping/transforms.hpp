// What a mapping does to one source value. Pure functions: JSON in, JSON in the entity's own form out.
#pragma once

#include "engine/mapping/mapping.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace patchbay::mapping {

/// Transform of a name in a mapping file, or nullopt.
std::optional<Transform> find_transform(std::string_view name);
const std::vector<std::string>& transform_names();
/// What a field of a type gets where the file names no transform; nullopt: it has to.
std::optional<Transform> default_transform(resources::FieldType type);
/// Whether the transform's results can be stored in a field of the type.
bool fits(Transform transform, resources::FieldType type);

/// The outcome of one transform: a value, nothing with a note (unusable but not fatal), or an error (the record is
/// refused).
struct Transformed {
  std::optional<sdk::json::value> value;
  std::string note;
};

sdk::Result<Transformed> transform_text(const sdk::json::value& source, bool trim);
/// Lower case; loosely checked. Unusable: a note.
sdk::Result<Transformed> transform_email(const sdk::json::value& source);
/// ISO 8601 text in, UTC text with milliseconds out.
sdk::Result<Transformed> transform_time(const sdk::json::value& source);
sdk::Result<Transformed> transform_unix_time(const sdk::json::value& source);
sdk::Result<Transformed> transform_boolean(const sdk::json::value& source);
sdk::Result<Transformed> transform_integer(const sdk::json::value& source);
sdk::Result<Transformed> transform_currency(const sdk::json::value& source);
sdk::Result<Transformed> transform_enum(const FieldRule& rule, const sdk::json::value& source);
/// {line1, line2, city, state, postalCode, country} from the service's names; without content: no value.
sdk::Result<Transformed> transform_address(const FieldRule& rule, const sdk::json::value& source);
sdk::Result<Transformed> transform_text_list(const sdk::json::value& source);
/// Integer smallest units as a decimal text with `places` decimals; never by way of a double.
sdk::Result<std::string> money_from_minor(const sdk::json::value& source, int places, bool negate);
/// A decimal in whole units, as JSON number or text. Digits that only binary floating point can have added (…0000001,
/// …9999999) are rounded away; any other surplus digit refuses the record.
sdk::Result<std::string> money_from_major(const sdk::json::value& source, int places, bool negate);

/// The six parts of an address in the unified model.
const std::vector<std::string>& address_parts();

}  // namespace patchbay::mapping
