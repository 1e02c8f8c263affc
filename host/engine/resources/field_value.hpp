// One field's value between JSON, query text and SQL text, checked by the field's type.
#pragma once

#include "engine/resources/description.hpp"
#include "platform/storage/session.hpp"

#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/result.hpp>

#include <string>
#include <string_view>

namespace patchbay::resources {

/// What the values of a row depend on besides themselves.
struct ValueContext {
  std::string currency = "USD";  // of the row
};

/// JSON (not null) → SQL text form. kInvalid with a code like "money.float" and the field's name.
sdk::Result<std::string> sql_text(const Field& field, const sdk::json::value& value, const ValueContext& context);
/// Query text → SQL text form; phone numbers become E.164 where the field has a normalized one.
sdk::Result<std::string> filter_text(const Field& field, std::string_view text, std::string_view phone_region);
/// Length in characters of valid UTF-8.
std::size_t character_count(std::string_view text);
/// One @ between a local part and a domain with a dot, no blanks, at most 254 bytes.
bool is_email(std::string_view text);
/// An address as one text becomes line1; members are checked by name and type.
sdk::Result<sdk::json::object> address_object(const Field& field, const sdk::json::value& value);
/// A service's value (not null) → SQL text form, without the API's form checks.
std::string service_text(const Field& field, const sdk::json::value& value);
/// Whether a stored cell (as read by sql.cpp) already holds the new value.
bool same_value(const Field& field, std::optional<std::string_view> stored, const storage::Param& text,
                std::string_view currency);
/// SQL text form → JSON, for scalars and defaults.
sdk::json::value json_of(const Field& field, const std::string& text, std::string_view currency);
/// "120.5000" → "120.50" by the currency's places; digits that the currency has no place for are kept.
std::string money_text(std::string_view numeric, std::string_view currency);
/// PostgreSQL's "2026-11-21 03:35:38.123456+00" → "2026-11-21T03:35:38.123Z".
std::string time_text(std::string_view timestamp);

}  // namespace patchbay::resources
