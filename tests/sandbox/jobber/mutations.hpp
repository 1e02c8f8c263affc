// Jobber's mutations. Each gives its payload: links to the records made, and userErrors where the input does not make
// sense.
#pragma once

#include "tests/sandbox/jobber/books.hpp"

#include <span>

namespace patchbay::sandbox::jobber {

json::object run_mutation(Books& books, std::string_view name, const json::object& arguments);

using Mutation = json::object (*)(Books& books, const json::object& arguments);
struct NamedMutation {
  std::string_view name;
  Mutation run;
};
std::span<const NamedMutation> client_mutations();
std::span<const NamedMutation> work_mutations();
std::span<const NamedMutation> app_mutations();

/// A payload that says one thing is wrong. `path` is dotted: "input.emails.0.address".
json::object user_error(std::string_view message, std::string_view path);
/// A payload whose member `link` names a record (or several).
json::object payload(std::string_view link, json::value target);
/// Copies the members that are given (a null clears).
void copy_given(json::object& record, const json::object& input, std::initializer_list<std::string_view> members);

}  // namespace patchbay::sandbox::jobber
