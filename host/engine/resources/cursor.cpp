#include "engine/resources/cursor.hpp"

#include "platform/base/ids.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <algorithm>
#include <charconv>

namespace patchbay::resources {
namespace {

namespace json = sdk::json;

sdk::Error damaged() {
  return sdk::invalid_error("query.cursor", "cursor is not one that this list has given out for this sort order.",
                            "cursor");
}

/// A value that PostgreSQL would refuse must not reach it: the cursor comes from outside.
bool fits(const Field& field, const std::string& text) {
  if (text.find('\0') != std::string::npos || text.size() > 2'000) return false;
  switch (field.type) {
    case FieldType::kUuid:
      return base::is_uuid(text);
    case FieldType::kTime:
      return sdk::parse_time(text).ok();
    case FieldType::kInteger: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      return error == std::errc() && end == text.data() + text.size();
    }
    case FieldType::kMoney:
      return !text.empty() && text.size() < 40 && text.find_first_not_of("0123456789.-") == std::string::npos &&
             std::count(text.begin(), text.end(), '.') <= 1 && text.find('-', 1) == std::string::npos &&
             std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    case FieldType::kBoolean:
      return text == "t" || text == "f";
    default:
      return true;
  }
}

}  // namespace

std::string make_cursor(const std::string& sort_text, const storage::Params& values) {
  json::array parts{json::value(sort_text)};
  for (const storage::Param& value : values) parts.push_back(value ? json::value(*value) : json::value(nullptr));
  return sdk::base64url_encode(json::serialize(parts));
}

sdk::Result<storage::Params> parse_cursor(const ListQuery& query, std::string_view cursor) {
  if (cursor.size() > 8'000) return damaged();
  const auto bytes = sdk::base64_decode(cursor);
  if (!bytes.ok()) return damaged();
  const auto document = sdk::parse_json(*bytes, {.bytes_max = 8'000, .depth_max = 2});
  if (!document.ok() || !document->is_array()) return damaged();
  const json::array& parts = document->get_array();
  if (parts.size() != query.sort.size() + 2 || !parts[0].is_string() || parts[0].get_string() != query.sort_text)
    return damaged();
  storage::Params values;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const bool is_id = i == parts.size() - 1;
    const Field* field = is_id ? nullptr : query.sort[i - 1].field;
    if (parts[i].is_null() && field != nullptr && field->nullable) {
      values.emplace_back(std::nullopt);
      continue;
    }
    if (!parts[i].is_string()) return damaged();
    std::string text(parts[i].get_string());
    if (field == nullptr ? !base::is_uuid(text) : !fits(*field, text)) return damaged();
    values.emplace_back(std::move(text));
  }
  return values;
}

}  // namespace patchbay::resources
