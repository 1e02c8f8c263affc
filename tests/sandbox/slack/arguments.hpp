// What a method of the Web API is called with, and its answers.
#pragma once

#include "platform/http/message.hpp"
#include "tests/sandbox/wire_json.hpp"

#include <map>

namespace patchbay::sandbox::slack {

/// Arguments by name, from the query, a form, or a JSON body where the method takes one (a JSON body elsewhere is
/// ignored, as Slack does). Nested values are texts of JSON.
class Arguments {
 public:
  Arguments(const http::Request& request, bool takes_json);
  std::string text(std::string_view name) const;
  bool has(std::string_view name) const { return values_.contains(name); }
  bool flag(std::string_view name) const;
  /// A number from `low` to `high`; `fallback` where there is none.
  std::size_t number(std::string_view name, std::size_t fallback, std::size_t low, std::size_t high) const;
  /// The JSON in an argument; nullopt where it is none.
  std::optional<json::value> document(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

http::Response answer(json::object members);
http::Response refusal(std::string_view error, json::object more = {});

/// `{"next_cursor": …}`: opaque, only good for the list it came from.
std::string make_cursor(std::string_view list, std::string_view position);
/// nullopt: no cursor of this list.
std::optional<std::string> parse_cursor(std::string_view list, std::string_view cursor);

}  // namespace patchbay::sandbox::slack
