// JSON as it crosses the plugin boundary: boost::json values (shared library, so that host and plugins agree on the type)
// and a reader for outside data that never drops a page because of one hostile character.
#pragma once

#include <patchbay/sdk/result.hpp>

#include <boost/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace patchbay::sdk {

namespace json = boost::json;

/// Limits of one document read from outside.
struct JsonLimits {
  std::size_t bytes_max = 32 * 1024 * 1024;
  std::size_t depth_max = 64;
};

/// What reading changed, for the log: outside data is kept readable, never trusted to be clean.
struct JsonRepairs {
  std::uint32_t nul_characters = 0;       ///< U+0000 replaced by U+FFFD (PostgreSQL text cannot hold it).
  std::uint32_t lone_surrogates = 0;      ///< Unpaired \uD800..\uDFFF replaced by U+FFFD.
  std::uint32_t oversized_numbers = 0;    ///< Numbers that no 64-bit type holds exactly; kept as a string of their digits.
  bool any() const { return nul_characters + lone_surrogates + oversized_numbers > 0; }
};

/// Reads a JSON document from outside. Raw bytes that are not UTF-8, excessive depth or size and broken syntax are errors of
/// class kInvalid; what JsonRepairs lists is replaced and counted. Of duplicate keys the last one counts.
/// Numbers: integers within int64/uint64 stay integers; any other number that a double cannot hold with all its digits (more
/// than 15 significant digits, or an exponent out of range) becomes a string of exactly its text.
Result<json::value> parse_json(std::string_view text, const JsonLimits& limits = {}, JsonRepairs* repairs = nullptr);

/// Member access that never throws: nullptr when `value` is not an object or has no such member.
const json::value* find_member(const json::value& value, std::string_view name);
const json::value* find_member(const json::object& object, std::string_view name);
/// Dotted path ("data.object.id", "emails[primary=true].address", "emails[0].address"); nullptr when anything is missing.
/// `[key=text]` picks the first array element whose member equals text (true/false/number compare by their JSON text).
const json::value* find_path(const json::value& value, std::string_view path);
const json::value* find_path(const json::object& object, std::string_view path);
// What they find lies inside the value: never in one that is about to end.
const json::value* find_member(const json::value&& value, std::string_view name) = delete;
const json::value* find_path(const json::value&& value, std::string_view path) = delete;
/// The string at `path`; empty when missing, null or not a string.
std::string string_at(const json::value& value, std::string_view path);
std::string string_at(const json::object& object, std::string_view path);
/// The text of a scalar (string as is, number and boolean by their JSON text); nullopt for null, object, array.
std::optional<std::string> scalar_text(const json::value& value);

/// Serialises with object members in sorted order: equal values give equal bytes, for fingerprints.
std::string canonical_json(const json::value& value);

}  // namespace patchbay::sdk
