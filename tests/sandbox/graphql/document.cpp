#include "tests/sandbox/graphql/document.hpp"

#include <algorithm>

namespace patchbay::sandbox::graphql {

const Value* Value::find_member(std::string_view name) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.first == name; });
  return found == members.end() ? nullptr : &found->second;
}

std::string Value::source() const {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kVariable:
      return "$" + text;
    case Kind::kString:
      return "\"" + text + "\"";
    case Kind::kList: {
      std::string out;
      for (const auto& item : items) out += (out.empty() ? "" : ", ") + item.source();
      return "[" + out + "]";
    }
    case Kind::kObject: {
      std::string out;
      for (const auto& [name, value] : members) out += (out.empty() ? "" : ", ") + name + ": " + value.source();
      return "{" + out + "}";
    }
    default:
      return text;
  }
}

std::string TypeReference::source() const {
  return (item ? "[" + item->source() + "]" : name) + (required ? "!" : "");
}

const Argument* Selection::find_argument(std::string_view argument) const {
  const auto found =
      std::find_if(arguments.begin(), arguments.end(), [&](const Argument& given) { return given.name == argument; });
  return found == arguments.end() ? nullptr : &*found;
}

const Operation* find_operation(const Document& document, std::string_view name) {
  if (name.empty()) return document.operations.size() == 1 ? &document.operations.front() : nullptr;
  const auto found = std::find_if(document.operations.begin(), document.operations.end(),
                                  [&](const Operation& operation) { return operation.name == name; });
  return found == document.operations.end() ? nullptr : &*found;
}

}  // namespace patchbay::sandbox::graphql
