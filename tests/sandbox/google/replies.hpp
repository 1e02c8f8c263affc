// Answers in Google's shapes.
#pragma once

#include "tests/sandbox/service.hpp"

namespace patchbay::sandbox::google {

http::Response ok(const json::value& body);
/// {"error": {code, message, errors: [{domain, reason, message}], status?}}.
http::Response refused(int status, std::string_view reason, std::string_view message);
http::Response not_found();
/// OAuth's flat form.
http::Response oauth_refused(int status, std::string_view error, std::string_view description);

/// A query parameter; empty where it is missing.
std::string parameter(const http::Request& request, std::string_view name);
/// A number from a query parameter within bounds.
std::size_t size_parameter(const http::Request& request, std::string_view name, std::size_t otherwise,
                           std::size_t most);
/// The JSON object in a body; an empty body is an empty object; nullopt where it is none.
std::optional<json::object> object_body(const http::Request& request);
/// Patch semantics: objects merge, null takes away, arrays and all else replace.
void merge_patch(json::object& target, const json::object& patch);

/// "2026-11-21T03:35:38.000Z".
std::string iso_time(std::int64_t milliseconds);
/// Milliseconds of an RFC 3339 time; nullopt where it is none.
std::optional<std::int64_t> parse_iso(std::string_view text);

/// Page tokens: where to go on, and what was asked; a token for another question is refused.
std::string page_token(std::size_t offset, std::string_view question);
std::optional<std::size_t> parse_page_token(std::string_view token, std::string_view question);

/// The path cut at its slashes, each part decoded.
std::vector<std::string> split_path(std::string_view path);

}  // namespace patchbay::sandbox::google
