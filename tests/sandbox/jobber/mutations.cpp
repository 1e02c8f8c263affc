#include "tests/sandbox/jobber/mutations.hpp"

namespace patchbay::sandbox::jobber {

json::object run_mutation(Books& books, std::string_view name, const json::object& arguments) {
  for (const auto group : {client_mutations(), work_mutations(), app_mutations()}) {
    for (const auto& mutation : group) {
      if (mutation.name == name) return mutation.run(books, arguments);
    }
  }
  return user_error("This mutation is not available.", "");
}

json::object user_error(std::string_view message, std::string_view path) {
  json::array parts;
  while (!path.empty()) {
    const auto dot = std::min(path.find('.'), path.size());
    parts.emplace_back(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return {{"userErrors", json::array{json::object{{"message", message}, {"path", std::move(parts)}}}}};
}

json::object payload(std::string_view link, json::value target) {
  json::object out{{"userErrors", json::array()}};
  out[link] = std::move(target);
  return out;
}

void copy_given(json::object& record, const json::object& input, std::initializer_list<std::string_view> members) {
  for (const auto member : members) {
    if (const auto* value = input.if_contains(member)) record[member] = *value;
  }
}

}  // namespace patchbay::sandbox::jobber
